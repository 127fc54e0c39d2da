import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { fileStore } from "../../src/store/file-store.js";
import { startLocalAws } from "../../src/testing/index.js";
import { buildLibrary } from "../support/build-library.js";
import { isThere, PROGRAM_TIMEOUT, runProgram, TRUST_VARIABLES } from "../support/programs.js";

const ROLE = "arn:aws:iam::123456789012:role/integrations/Inventory";
const SESSION = "arn:aws:sts::123456789012:assumed-role/Inventory/shared";

let built: Awaited<ReturnType<typeof buildLibrary>>;
beforeAll(async () => {
  built = await buildLibrary({ cli: "cli/index.ts", index: "index.ts", "file-store": "store/file-store.ts" });
});
afterAll(() => built.remove());

const hasCli = isThere("the AWS CLI", "aws", "--version");
const hasBoto3 = isThere("boto3", "python3", "-c", "import boto3");

const WHO_BY_BOTO3 = `
import boto3
print(boto3.Session(profile_name="inventory").client("sts").get_caller_identity()["Arn"])
`;

/** A profile whose credentials come from `rolecall`, for an instance that a Node.js process uses as well. */
async function setUp(clock = { now: () => Date.now() }) {
  const aws = await startLocalAws({
    clock,
    region: "eu-central-1",
    roles: [{ roleArn: ROLE, externalId: "acme" }],
  });
  const home = await mkdtemp(join(tmpdir(), "rolecall-profile-"));
  onTestFinished(async () => {
    await aws.close();
    await rm(home, { recursive: true });
  });
  const instance = join(home, "instance.json");
  const directory = join(home, "sessions");
  await writeFile(instance, JSON.stringify({ roleArn: ROLE, roleSessionName: "shared", externalId: "acme" }));
  const command = `${process.execPath} ${join(built.folder, "cli.mjs")} credential-process`;
  await writeFile(
    join(home, "config"),
    `[profile inventory]\ncredential_process = ${command} --config ${instance} --directory ${directory}\n` +
      `[profile gone]\ncredential_process = ${command} --store none --role-arn arn:aws:iam::123456789012:role/Gone\n`,
  );
  const env = {
    AWS_REGION: "eu-central-1",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    ROLECALL_BUILD: built.folder,
    ...aws.env,
  };
  const run = (program: string, args: string[]) => runProgram(program, args, home, env);
  return { aws, home, instance, directory, run };
}

const NODE_PROCESS = fileURLToPath(new URL("./profile-reader.mjs", import.meta.url));

describe("credential_process = rolecall credential-process", { timeout: 2 * PROGRAM_TIMEOUT }, () => {
  it.runIf(hasCli && hasBoto3)("the AWS CLI, boto3 and a Node.js process share one session", async () => {
    const { aws, instance, directory, run } = await setUp();
    const cli = await run("aws", ["--profile", "inventory", "sts", "get-caller-identity", "--output", "json"]);
    expect(cli).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(cli.stdout)).toMatchObject({ Account: "123456789012", Arn: SESSION });
    const boto3 = await run("python3", ["-c", WHO_BY_BOTO3]);
    expect(boto3).toEqual({ code: 0, stdout: `${SESSION}\n`, stderr: "" });
    const node = await run(process.execPath, [NODE_PROCESS, instance, directory]);
    expect(node).toEqual({ code: 0, stdout: SESSION, stderr: "" });

    expect(aws.count({ operation: "AssumeRole" })).toBe(1);
    const askers = aws.requests.filter(({ operation }) => operation === "GetCallerIdentity");
    expect(new Set(askers.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(askers).toHaveLength(2);
  });

  it.runIf(hasCli)("the AWS CLI shows the reason for a denied role", async () => {
    const { run } = await setUp();
    const { code, stderr } = await run("aws", ["--profile", "gone", "sts", "get-caller-identity"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("AssumeRole of arn:aws:iam::123456789012:role/Gone");
    expect(stderr).toContain("its trust policy names the base identity");
  });

  it("ends soon even if STS hangs, and prints the stored session", async () => {
    let age = 46 * 60_000;
    const clock = { now: () => Date.now() - age };
    const { aws, home, instance, directory, run } = await setUp(clock);
    // The same as in the other process: sessions are not shared across different configuration files.
    const files = {
      AWS_CONFIG_FILE: join(home, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
    };
    const env = { ...aws.env, ...files, AWS_REGION: "eu-central-1" };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    for (const name of TRUST_VARIABLES) vi.stubEnv(name, undefined);
    await using resolver = createCredentialResolver({ store: fileStore({ directory }), runtime: clock });
    const held = await resolver.resolve(JSON.parse(await readFile(instance, "utf8")));
    age = 0;
    aws.fault({ on: { operation: "AssumeRole" }, kind: "hang" });

    const args = ["credential-process", "--config", instance, "--directory", directory];
    const { code, stdout } = await run(process.execPath, [join(built.folder, "cli.mjs"), ...args]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).AccessKeyId).toBe(held.accessKeyId);
    // A process that waited for its refresh would repeat the call, after three seconds each time.
    expect(aws.count({ operation: "AssumeRole" })).toBeLessThan(4);
  });

  it("prints no stack trace if its reader closes the pipe early", async () => {
    const { run } = await setUp();
    const command = `${process.execPath} ${join(built.folder, "cli.mjs")} --help`;
    const { stderr } = await run("bash", ["-c", `${command} | true; exit \${PIPESTATUS[0]}`]);
    expect(stderr).toBe("");
  });
});
