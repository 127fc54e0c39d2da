import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { fileStore } from "../../src/store/file-store.js";
import { createManualClock } from "../../src/testing/index.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { assumeRoleCalls, MINUTE, OTHER_ROLE, ROLE, setUpLocal } from "../support/local.js";
import { runRolecall } from "./run-rolecall.js";

let folder: string;
let config: string;
let directory: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rolecall-process-"));
  // The command goes on for up to a second, to store a session that it refreshes.
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  directory = join(folder, "sessions");
  config = join(folder, "instance.json");
  await configure({});
});

const configure = (settings: object) =>
  writeFile(config, JSON.stringify({ roleArn: ROLE, region: "eu-central-1", ...settings }), { mode: 0o600 });

const run = (args: string[] = [], env: Record<string, string> = {}) => {
  const where = args.includes("none") ? [] : ["--directory", directory];
  return runRolecall(["credential-process", "--config", config, ...where, ...args], env);
};

async function credentials(args: string[] = [], env: Record<string, string> = {}) {
  const { code, output, errors } = await run(args, env);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  return JSON.parse(output);
}

describe("rolecall credential-process", () => {
  it("prints credentials in the SDKs' format, and shares the session through the file store", async () => {
    const { aws, resolver } = await setUpLocal({ resolver: { store: fileStore({ directory }) } });
    const printed = await credentials();
    const shared = await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" });
    expect(printed).toEqual({
      Version: 1,
      AccessKeyId: shared.accessKeyId,
      SecretAccessKey: shared.secretAccessKey,
      SessionToken: shared.sessionToken,
      Expiration: shared.expiration?.toISOString(),
    });
    expect(await credentials()).toEqual(printed);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("keeps the sessions of different AWS_PROFILE values separate", async () => {
    const { aws } = await setUpLocal();
    const { AWS_ENDPOINT_URL: url = "", ...others } = aws.env;
    const file = join(folder, "aws-config");
    const endpoints = { lab: url, prod: url.replace("127.0.0.1", "localhost") };
    const profiles = Object.entries(endpoints).map(([name, at]) => `[profile ${name}]\nendpoint_url = ${at}\n`);
    await writeFile(file, profiles.join(""));
    vi.stubEnv("AWS_ENDPOINT_URL", undefined);
    const under = (name: string) => {
      const env = { ...others, AWS_PROFILE: name, AWS_CONFIG_FILE: file };
      for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
      return credentials([], env);
    };
    const printed = { lab: await under("lab"), prod: await under("prod") };
    expect(assumeRoleCalls(aws)).toBe(2);
    expect(printed.prod.AccessKeyId).not.toBe(printed.lab.AccessKeyId);
    expect(await under("lab")).toEqual(printed.lab);
    expect(await under("prod")).toEqual(printed.prod);
  });

  it("prints the role's credentials behind a source role, and never those of the source role", async () => {
    const hub = "arn:aws:iam::444455556666:role/Hub";
    const { aws } = await setUpLocal({
      roles: [
        { roleArn: hub, allowAssumeRole: ["*"] },
        { roleArn: ROLE, trustedPrincipals: [hub] },
        { roleArn: OTHER_ROLE, trustedPrincipals: [hub] },
      ],
    });
    await configure({ sourceRole: hub });
    await credentials();
    const printed = await credentials(["--role-arn", OTHER_ROLE]);
    const sts = new STSClient({
      region: "eu-central-1",
      credentials: {
        accessKeyId: printed.AccessKeyId,
        secretAccessKey: printed.SecretAccessKey,
        sessionToken: printed.SessionToken,
      },
    });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toMatch(/:assumed-role\/Audit\//);
    expect(assumeRoleCalls(aws)).toBe(3); // the second process reads the source role's session from the store
    expect(await run(["--role-arn", hub])).toEqual({
      code: 1,
      output: "",
      errors: expect.stringMatching(/^--role-arn is the instance's sourceRole\./),
    });
  });

  it("accepts command overrides", async () => {
    const { aws } = await setUpLocal();
    await credentials(["--role-arn", OTHER_ROLE, "--role-session-name", "cli", "--role-session-duration", "900"]);
    expect(aws.requests.findLast(({ operation }) => operation === "AssumeRole")?.parameters).toMatchObject({
      RoleArn: OTHER_ROLE,
      RoleSessionName: "cli",
      DurationSeconds: "900",
    });
  });

  it.each([
    ["3600", 44, 1],
    ["3600", 46, 2],
    ["900", 7, 1],
    ["900", 8, 2],
  ])("a session of %s s that is %i minutes old: %i AssumeRole", async (duration, age, calls) => {
    const clock = createManualClock({ now: Date.now() - age * MINUTE });
    const { aws, resolver } = await setUpLocal({ clock, resolver: { store: fileStore({ directory }) } });
    await resolver.resolve({ roleArn: ROLE, region: "eu-central-1", roleSessionDuration: duration });
    clock.stepWallClock(age * MINUTE);
    await credentials(["--role-session-duration", duration]);
    expect(assumeRoleCalls(aws)).toBe(calls);
  });

  it("prints the valid session while AWS issues no new one", async () => {
    const clock = createManualClock({ now: Date.now() - 46 * MINUTE });
    const { aws, resolver } = await setUpLocal({ clock, resolver: { store: fileStore({ directory }) } });
    const held = await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" });
    clock.stepWallClock(46 * MINUTE);
    const outage = aws.fault({ on: { operation: "AssumeRole" }, status: 503, code: "ServiceUnavailable" });
    expect((await credentials()).AccessKeyId).toBe(held.accessKeyId);
    outage.clear();
    aws.fault({ on: { operation: "AssumeRole" }, status: 403, code: "AccessDenied" });
    expect((await credentials()).AccessKeyId).toBe(held.accessKeyId);
  });

  it("--store none writes no file", async () => {
    const { aws } = await setUpLocal();
    await credentials(["--store", "none"]);
    await credentials(["--store", "none"]);
    expect(assumeRoleCalls(aws)).toBe(2);
    expect(await readdir(folder)).toEqual(["instance.json"]);
  });

  it("encrypts sessions with the keys from the environment", async () => {
    const { resolver, aws } = await setUpLocal();
    const key = newEncryptionKeyText();
    const { SecretAccessKey } = await credentials([], { ROLECALL_ENCRYPTION_KEYS: key });
    await credentials([], { ROLECALL_ENCRYPTION_KEYS: key });
    expect(assumeRoleCalls(aws)).toBe(1);
    await resolver.close();
    const { output } = await runRolecall(["cache", "list", "--directory", directory]);
    expect(output).toContain("sealed with a key that is not in");
    expect(output).not.toContain(SecretAccessKey);
  });

  it("prints the base identity's credentials if there is no role", async () => {
    const { aws } = await setUpLocal();
    await configure({ roleArn: null });
    const { AccessKeyId, Expiration } = await credentials();
    expect(AccessKeyId).toBe(aws.instanceProfile.current()?.accessKeyId);
    expect(Date.parse(Expiration)).toBe(aws.instanceProfile.current()?.expiration);
  });

  it("prints neither token nor expiration for keys that do not expire", async () => {
    const { aws } = await setUpLocal();
    const { accessKeyId, secretAccessKey } = aws.issueUserKeys({ userArn: "arn:aws:iam::111122223333:user/ann" });
    await configure({ roleArn: null, credentials: { accessKeyId, secretAccessKey } });
    expect(await credentials()).toEqual({
      Version: 1,
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
    });
  });

  it.each([
    [
      "a role that STS denies",
      ["--role-arn", "arn:aws:iam::123456789012:role/Gone"],
      1,
      /AccessDenied.*Check, in this/,
    ],
    ["an invalid setting", ["--role-arn", "Inventory"], 1, /--role-arn is invalid/],
    ["an unknown store", ["--store", "redis"], 2, /--store must be file or none/],
    ["an extra argument", ["Inventory"], 2, /takes options only/],
  ])("prints the reason on stderr and nothing on stdout: %s", async (_title, args, code, reason) => {
    await setUpLocal();
    const outcome = await run(args);
    expect(outcome).toMatchObject({ code, output: "" });
    expect(outcome.errors).toMatch(reason);
    expect(outcome.errors).not.toMatch(/^\s+at /m);
  });

  it("refuses to print to a terminal without --print-secrets-to-terminal", async () => {
    await setUpLocal();
    const args = ["credential-process", "--config", config, "--directory", directory];
    const refused = await runRolecall(args, {}, { isTTY: true });
    expect(refused).toMatchObject({ code: 2, output: "" });
    expect(refused.errors).toContain("its output is a terminal");
    const { output } = await runRolecall([...args, "--print-secrets-to-terminal"], {}, { isTTY: true });
    expect(JSON.parse(output)).toMatchObject({ Version: 1 });
  });
});
