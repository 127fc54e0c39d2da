import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { toChildEnvironment } from "../../../src/cli/exec/child-environment.js";

const IDENTITY = { uri: "http://127.0.0.1:4711/credentials", token: "the-token", region: "eu-central-1" };
const SET = {
  AWS_REGION: "eu-central-1",
  AWS_DEFAULT_REGION: "eu-central-1",
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_CREDENTIAL_PROFILES_FILE: devNull,
  BOTO_CONFIG: devNull,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:4711/credentials",
  AWS_CONTAINER_AUTHORIZATION_TOKEN: "the-token",
};

/** Variables by which the AWS CLI and the SDKs of any language find an identity. */
const IDENTITIES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_ACCESS_KEY",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SECRET_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_SECURITY_TOKEN",
  "AWS_CREDENTIAL_EXPIRATION",
  "AWS_CREDENTIAL_FILE",
  "AWS_CREDENTIAL_PROFILES_FILE",
  "AWS_ACCOUNT_ID",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_BEARER_TOKEN_BEDROCK",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CONFIG_FILE",
  "BOTO_CONFIG",
  "AMAZON_ACCESS_KEY_ID",
  "AMAZON_SECRET_ACCESS_KEY",
  "AMAZON_SESSION_TOKEN",
];
/** Variables of the SDK's credential providers that give no identity. */
const HARMLESS = /^AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|SDK_UA_APP_ID|EC2_METADATA_\w+|LAMBDA_FUNCTION_NAME)$/;

describe("the environment of a program", () => {
  it.each(IDENTITIES)("does not have the other identity of %s", (name) => {
    const env = toChildEnvironment({ [name]: "another", [name.toLowerCase()]: "another" }, IDENTITY);
    expect(env).toEqual(SET);
  });

  it("has no identity that the SDK's own credential providers would find first", async () => {
    const names = await readSdkVariables();
    expect(names).toEqual(expect.arrayContaining(["AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]));
    const env = toChildEnvironment(Object.fromEntries(names.map((name) => [name, "another"])), IDENTITY);
    const kept = Object.keys(env).filter((name) => env[name] === "another" && !HARMLESS.test(name));
    expect(kept).toEqual([]);
  });

  it("keeps everything else, such as endpoints, certificates and a program's own variables", () => {
    const own = {
      PATH: "/usr/bin",
      AWS_ENDPOINT_URL: "http://localhost:4566",
      AWS_CA_BUNDLE: "/etc/ca.pem",
      AWS_PAGER: "",
      AWS_USE_FIPS_ENDPOINT: "true",
      AWS_S3_KEY_PREFIX: "reports/",
      TF_VAR_profile: "mine",
    };
    expect(toChildEnvironment(own, IDENTITY)).toEqual({ ...own, ...SET });
  });

  it.each(["ROLECALL_ENCRYPTION_KEYS", "Rolecall_Encryption_Keys"])(
    "does not have the file store's keys: %s",
    (name) => {
      expect(toChildEnvironment({ [name]: "c2VjcmV0" }, IDENTITY)).toEqual(SET);
    },
  );

  it("keeps this process's region if the identity has none", () => {
    const { AWS_REGION, AWS_DEFAULT_REGION, ...rest } = SET;
    expect(toChildEnvironment({}, { ...IDENTITY, region: undefined })).toEqual(rest);
  });

  it.each([
    [{ HTTP_PROXY: "http://proxy" }, "127.0.0.1"],
    [{ https_proxy: "http://proxy", NO_PROXY: "internal" }, "internal,127.0.0.1"],
    [{ ALL_PROXY: "http://proxy", no_proxy: "internal" }, "internal,127.0.0.1"],
    [{ HTTP_PROXY: "http://proxy", NO_PROXY: "*" }, "*"],
    [{ HTTP_PROXY: "http://proxy", no_proxy: " * " }, " * "],
  ])("sends no request for credentials through a proxy: %j", (given, exempt) => {
    expect(toChildEnvironment(given, IDENTITY)).toMatchObject({ NO_PROXY: exempt, no_proxy: exempt });
  });

  it("keeps both lists of hosts without a proxy, because programs read one or the other", () => {
    const given = { http_proxy: "http://proxy", NO_PROXY: "internal", no_proxy: "intranet" };
    const expected = { NO_PROXY: "internal,127.0.0.1", no_proxy: "intranet,127.0.0.1" };
    expect(toChildEnvironment(given, IDENTITY)).toMatchObject(expected);
  });
});

/** The environment variables in the source of the SDK's credential providers. */
async function readSdkVariables(): Promise<string[]> {
  const require = createRequire(import.meta.url);
  const packages = ["env", "http", "ini", "node", "web-identity"].map((name) => `@aws-sdk/credential-provider-${name}`);
  const names = new Set<string>();
  for (const name of [...packages, "@smithy/credential-provider-imds"]) {
    const folder = dirname(require.resolve(name));
    for (const file of await readdir(folder, { recursive: true })) {
      if (!/\.c?js$/.test(file)) continue;
      for (const [variable] of (await readFile(join(folder, file), "utf8")).matchAll(/\bAWS_[A-Z0-9_]+\b/g)) {
        names.add(variable);
      }
    }
  }
  return [...names];
}
