import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createManualClock } from "../../src/testing/index.js";
import { freePort } from "../support/free-port.js";
import { ROLE, setUpLocal } from "../support/local.js";

const SECRET = "hush-hush-value";
const env = (...names: string[]) => Object.fromEntries(names.map((name) => [name, SECRET]));

async function failureWith(variables: Record<string, string>, instance: object, options = {}) {
  const clock = createManualClock({ now: Date.now(), env: variables });
  const { resolver } = await setUpLocal({ clock, ...options });
  const error = await resolver.resolve({ roleArn: ROLE, ...instance }).catch((failure) => failure);
  expect(`${error.message}`).not.toContain(SECRET);
  return error;
}

describe("the error on a machine without a metadata service", () => {
  const instance = { region: "eu-west-1" };
  const closed = async () => vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", `http://127.0.0.1:${await freePort()}`);

  it.each([
    ["AWS_PROFILE", '"credentials": { "profile": "<its value>" }'],
    ["AWS_ACCESS_KEY_ID", '"credentials": "Environment"'],
    ["AWS_WEB_IDENTITY_TOKEN_FILE", '"credentials": "WebIdentity"'],
    ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", '"credentials": "EcsContainer"'],
    ["AWS_CONTAINER_CREDENTIALS_FULL_URI", '"credentials": "EcsContainer"'],
  ])("names %s, which is set but not used, and the line %s", async (name, line) => {
    const clock = createManualClock({ now: Date.now(), env: env(name) });
    const { resolver } = await setUpLocal({ clock });
    await closed();
    const error = await resolver
      .resolve({ credentials: "Ec2InstanceMetadata", ...instance })
      .catch((failure) => failure);
    expect(error.code).toBe("IMDS_UNREACHABLE");
    expect(error.hint).toMatch(
      new RegExp(` ${name} is set in the environment but not used: in the instance, set ${line}\\.$`),
    );
    expect(error.message).not.toContain(SECRET);
  });

  it.each([
    ["[sso-session corp]\n[profile work]\nsso_session = corp\n[profile home]\nx = hush", "work"],
    ["[work]\naws_access_key_id = hush\n[default]\naws_secret_access_key = hush", "default"],
  ])("names a profile of the SDK's files, which is not used: %j", async (text, profile) => {
    const directory = await mkdtemp(join(tmpdir(), "rolecall-profiles-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, "config"), text);
    const clock = createManualClock({ now: Date.now(), env: { AWS_CONFIG_FILE: join(directory, "config") } });
    const { resolver } = await setUpLocal({ clock });
    await closed();
    const error = await resolver.resolve(instance).catch((failure) => failure);
    expect(error.hint).toContain(
      `The library does not use the profiles in the SDK's configuration files. To use one, set "credentials": { "profile": "${profile}" } in the instance.`,
    );
    expect(error.message).not.toContain("hush");
  });

  it("names several variables, but none that is empty", async () => {
    const error = await failureWith(
      { ...env("AWS_PROFILE", "AWS_ACCESS_KEY_ID"), AWS_WEB_IDENTITY_TOKEN_FILE: "" },
      instance,
      { instanceProfile: null },
    );
    expect(error.code).toBe("INSTANCE_PROFILE_MISSING");
    expect(error.hint).toMatch(/ AWS_ACCESS_KEY_ID and AWS_PROFILE are set in the environment but not used: /);
  });

  it("does not mention the environment if nothing is set", async () => {
    const error = await failureWith({}, instance, { instanceProfile: null });
    expect(error.hint).not.toContain("environment");
  });
});

describe("the error on a machine that cannot reach STS", () => {
  const sts = async () => ({ endpoint: `http://127.0.0.1:${await freePort()}`, region: "eu-west-1" });
  const options = { resolver: { assumeRole: { attempts: 1 } } };
  const failure = async (variables: Record<string, string>, network?: object) => {
    const clock = createManualClock({ now: Date.now(), env: variables });
    return failureWith(variables, { sts: await sts(), network }, { resolver: { ...options.resolver, runtime: clock } });
  };

  it.each(["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])(
    "names %s, which is set but not used",
    async (name) => {
      const error = await failure(env(name));
      expect(error.code).toBe("STS_UNAVAILABLE");
      expect(error.hint).toContain(`${name} is set in the environment but not used: set instance.network.proxy`);
    },
  );

  it("does not mention a proxy if the instance has its own, or if none is set", async () => {
    expect((await failure({})).hint).not.toContain("environment");
    const proxy = `http://127.0.0.1:${await freePort()}`;
    expect((await failure(env("HTTPS_PROXY"), { proxy })).hint).not.toContain("HTTPS_PROXY");
  });

  it("names the proxy variable after a call without a response", async () => {
    const clock = createManualClock({ now: Date.now(), env: env("HTTPS_PROXY") });
    const { aws, resolver } = await setUpLocal({ clock, resolver: { assumeRole: { attempts: 1 }, runtime: clock } });
    aws.fault({ on: { target: "sts" }, kind: "hang" });
    const outcome = expect(resolver.resolve({ roleArn: ROLE, region: "eu-west-1" })).rejects.toMatchObject({
      code: "TIMEOUT",
      hint: expect.stringContaining("HTTPS_PROXY is set in the environment but not used"),
    });
    await clock.advance(3000);
    await outcome;
  });
});
