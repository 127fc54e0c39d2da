import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { ENDPOINT_VARIABLES, readAwsEnvironment } from "../../src/store/aws-environment.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rolecall-environment-"));
  onTestFinished(() => rm(folder, { recursive: true }));
});

const partsOf = (env: Record<string, string>) => readAwsEnvironment({ HOME: folder, ...env }, new Map());

async function isSame(one: Record<string, string>, other: Record<string, string>): Promise<boolean> {
  return JSON.stringify(await partsOf(one)) === JSON.stringify(await partsOf(other));
}

async function fileOf(text: string, name = "config"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("the environment of two processes", () => {
  it.each(ENDPOINT_VARIABLES)("differs by %s", async (name) => {
    expect(await isSame({}, { [name]: "one" })).toBe(false);
    expect(await isSame({ [name]: "two" }, { [name]: "one" })).toBe(false);
    expect(await isSame({ [name]: "one" }, { [name]: "one" })).toBe(true);
    expect(await isSame({}, { [name]: "" })).toBe(true);
  });

  it.each(["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])("differs by the contents of %s", async (name) => {
    const path = await fileOf("[default]\nregion = eu-central-1\n");
    const before = await partsOf({ [name]: path });
    expect(await partsOf({ [name]: path })).toEqual(before);
    await writeFile(path, "[default]\nendpoint_url = https://lab.example\n");
    expect(await partsOf({ [name]: path })).not.toEqual(before);
  });

  it.each([
    ["the home directory", {}],
    ["a path in it", { AWS_CONFIG_FILE: "~/.aws/config" }],
  ])("differs by the configuration file in %s", async (_, env: Record<string, string>) => {
    const before = await partsOf(env);
    execFileSync("mkdir", [join(folder, ".aws")]);
    await fileOf("[default]\n", ".aws/config");
    expect(await partsOf(env)).not.toEqual(before);
  });

  it("is read once per process, as by the SDK", async () => {
    const AWS_CONFIG_FILE = await fileOf("[default]\n");
    const before = await readAwsEnvironment({ AWS_CONFIG_FILE });
    await fileOf("[default]\nregion = eu-central-1\n");
    expect(await readAwsEnvironment({ AWS_CONFIG_FILE })).toEqual(before);
  });

  it("follows a link to the configuration file", async () => {
    const path = await fileOf("[default]\n");
    await symlink(path, join(folder, "link"));
    const [direct, linked] = [
      await partsOf({ AWS_CONFIG_FILE: path }),
      await partsOf({ AWS_CONFIG_FILE: `${folder}/link` }),
    ];
    expect(linked.configFile).toBe(direct.configFile);
  });

  it("treats an unreadable file and the null device like an empty one", async () => {
    for (const path of [join(folder, "missing"), "/dev/null"]) {
      expect((await partsOf({ AWS_CONFIG_FILE: path })).configFile).toBeUndefined();
    }
  });

  it.runIf(process.platform !== "win32")("is unique if a file is a pipe, which only the SDK reads", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    expect(await isSame({ AWS_CONFIG_FILE: path }, { AWS_CONFIG_FILE: path })).toBe(false);
  });

  it("differs from every other with a file of more than 1 MiB", async () => {
    const path = await fileOf("#".repeat(2 ** 20 + 1));
    expect(await isSame({ AWS_CONFIG_FILE: path }, { AWS_CONFIG_FILE: path })).toBe(false);
  });
});

describe("the variables that the SDK reads", () => {
  /** Variables that change how a call is routed within one AWS, or which credentials the library itself sends to STS. */
  const IRRELEVANT = {
    "the region: a session is good in all of them": ["AWS_REGION", "AWS_DEFAULT_REGION"],
    "credentials: the library reads the base identity itself, or the instance names it": [
      "AWS_BEARER_TOKEN_",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    ],
    "attempts, timeouts and clock": [
      "AWS_DEFAULTS_MODE",
      "AWS_DISABLE_CLOCK_SKEW_CORRECTION",
      "AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026",
      "AWS_MAX_ATTEMPTS",
      "AWS_RETRY_MODE",
    ],
    "the way to sign: STS takes SigV4": ["AWS_AUTH_SCHEME_PREFERENCE", "AWS_SIGV4A_SIGNING_REGION_SET"],
    "endpoints of accounts: STS has none": ["AWS_ACCOUNT_ID_ENDPOINT_MODE"],
    "the user agent and warnings": [
      "AWS_EXECUTION_ENV",
      "AWS_LAMBDA_FUNCTION_NAME",
      "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED",
      "AWS_SDK_UA_APP_ID",
    ],
  };
  const PACKAGES = [
    "@aws-sdk/client-sts",
    "@aws-sdk/core",
    "@smithy/core",
    "@smithy/node-http-handler",
    "@smithy/credential-provider-imds",
  ];
  const OF_A_VARIABLE = /["'`](AWS_[A-Z0-9_]+)["'`]|\benv(?:\.|\[["'])(AWS_[A-Z0-9_]+)/g;

  async function variablesOf(name: string): Promise<string[]> {
    const root = join(import.meta.dirname, "../../node_modules", name, "dist-cjs");
    const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith(".js"));
    const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
    return texts.flatMap((text) => [...text.matchAll(OF_A_VARIABLE)].map(([, quoted, read]) => quoted ?? read ?? ""));
  }

  it("are each part of the key, or irrelevant for the stated reason", async () => {
    const found = new Set((await Promise.all(PACKAGES.map(variablesOf))).flat());
    expect(found).toContain("AWS_ENDPOINT_URL");
    const known = new Set<string>([...ENDPOINT_VARIABLES, ...Object.values(IRRELEVANT).flat()]);
    expect([...found].filter((name) => !known.has(name)).sort()).toEqual([]);
  });
});
