import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { buildLibrary } from "../support/build-library.js";

const ROLE = "arn:aws:iam::123456789012:role/integrations/Inventory";
const SESSION = "arn:aws:sts::123456789012:assumed-role/Inventory/shared";
const START_UP_MS = 30_000;

let built: Awaited<ReturnType<typeof buildLibrary>>;
beforeAll(async () => {
  built = await buildLibrary({ cli: "cli/index.ts", index: "index.ts", "file-store": "store/file-store.ts" });
});
afterAll(() => built.remove());

const hasCli = isThere("aws", "--version");
const hasBoto3 = isThere("python3", "-c", "import boto3");

const WHO_BY_BOTO3 = `
import boto3
print(boto3.Session(profile_name="inventory").client("sts").get_caller_identity()["Arn"])
`;

/** A profile whose credentials `rolecall` gives, from an instance that a Node.js process uses as well. */
async function setUp() {
  const aws = await startLocalAws({
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
  return { aws, home, instance, directory, env: environmentOf(aws, home) };
}

function environmentOf(aws: LocalAws, home: string): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    PYENV_ROOT: process.env.PYENV_ROOT ?? join(process.env.HOME ?? "", ".pyenv"),
    HOME: home,
    AWS_CONFIG_FILE: join(home, "config"),
    AWS_REGION: "eu-central-1",
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_PAGER: "",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    ROLECALL_BUILD: built.folder,
    ...aws.env,
  };
}

function run(program: string, args: string[], env: Record<string, string | undefined>) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(program, args, { env, timeout: START_UP_MS }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}

function isThere(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore", timeout: START_UP_MS });
    return true;
  } catch {
    console.log(`Without ${program} ${args.join(" ")}: its test does not run`);
    return false;
  }
}

const NODE_PROCESS = fileURLToPath(new URL("./profile-reader.mjs", import.meta.url));

describe("credential_process = rolecall credential-process", { timeout: 2 * START_UP_MS }, () => {
  it.runIf(hasCli && hasBoto3)("the AWS CLI, boto3 and a Node.js process share one session", async () => {
    const { aws, instance, directory, env } = await setUp();
    const cli = await run("aws", ["--profile", "inventory", "sts", "get-caller-identity", "--output", "json"], env);
    expect(cli).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(cli.stdout)).toMatchObject({ Account: "123456789012", Arn: SESSION });
    const boto3 = await run("python3", ["-c", WHO_BY_BOTO3], env);
    expect(boto3).toEqual({ code: 0, stdout: `${SESSION}\n`, stderr: "" });
    const node = await run(process.execPath, [NODE_PROCESS, instance, directory], env);
    expect(node).toEqual({ code: 0, stdout: SESSION, stderr: "" });

    expect(aws.count({ operation: "AssumeRole" })).toBe(1);
    const askers = aws.requests.filter(({ operation }) => operation === "GetCallerIdentity");
    expect(new Set(askers.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(askers).toHaveLength(2);
  });

  it.runIf(hasCli)("a role that is denied: the AWS CLI shows the reason", async () => {
    const { env } = await setUp();
    const { code, stderr } = await run("aws", ["--profile", "gone", "sts", "get-caller-identity"], env);
    expect(code).not.toBe(0);
    expect(stderr).toContain("AssumeRole of arn:aws:iam::123456789012:role/Gone");
    expect(stderr).toContain("its trust policy names the base identity");
  });
});
