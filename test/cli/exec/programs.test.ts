import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { runAs } from "../../../src/cli/exec/run-as.js";
import type { RunProgram } from "../../../src/cli/exec/run-program.js";
import { createCredentialResolver } from "../../../src/index.js";
import { createManualClock, startLocalAws } from "../../../src/testing/index.js";
import { isThere } from "../../support/programs.js";

const ROLE = "arn:aws:iam::123456789012:role/integrations/Inventory";
const SESSION = "arn:aws:sts::123456789012:assumed-role/Inventory/exec";
const MINUTE = 60_000;
/** A bit more than three hours in all. No call is made at the very millisecond at which a session expires. */
const STEP = 9.62 * MINUTE;
const CALLS = 20;
const FOLDER = fileURLToPath(new URL("./programs/", import.meta.url));

/** Programs that ask STS who they are, once for each line of input. */
const PROGRAMS = [
  {
    name: "the AWS CLI, a new process each time",
    words: ["bash", "-c", "while read -r _; do aws sts get-caller-identity --query Arn --output text 2>&1; done"],
    isThere: isThere("the AWS CLI", "aws", "--version"),
  },
  {
    name: "boto3 in one process",
    words: ["python3", join(FOLDER, "caller.py")],
    isThere: isThere("boto3", "python3", "-c", "import boto3"),
  },
  {
    name: "the SDK for JavaScript in one process",
    words: [process.execPath, join(FOLDER, "caller.mjs")],
    isThere: true,
  },
];

/**
 * A local AWS, a resolver and a program that all have the same clock, which only the test moves. The machine offers three
 * other identities: a user's keys in the default profile and in boto 2's file, and the instance profile.
 */
async function setUp() {
  const clock = createManualClock({ now: Date.parse("2026-01-31T08:00:00Z") });
  const aws = await startLocalAws({ clock, region: "eu-central-1", roles: [{ roleArn: ROLE }] });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const resolver = createCredentialResolver({ runtime: { ...clock, env: aws.env } });
  const home = await mkdtemp(join(tmpdir(), "rolecall-exec-"));
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
    await rm(home, { recursive: true });
  });
  const user = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/operator" });
  await mkdir(join(home, ".aws"));
  await writeFile(
    join(home, ".aws", "credentials"),
    `[default]\naws_access_key_id = ${user.accessKeyId}\naws_secret_access_key = ${user.secretAccessKey}\n`,
  );
  await writeFile(
    join(home, ".boto"),
    `[Credentials]\naws_access_key_id = ${user.accessKeyId}\naws_secret_access_key = ${user.secretAccessKey}\n`,
  );
  const clockFile = join(home, "clock");
  const writeClock = () => writeFile(clockFile, String(clock.now()));
  await writeClock();
  const env = {
    ...aws.env,
    PATH: process.env.PATH,
    PYENV_ROOT: process.env.PYENV_ROOT ?? join(process.env.HOME ?? "", ".pyenv"),
    HOME: home,
    PYTHONPATH: FOLDER,
    TEST_CLOCK_FILE: clockFile,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const advance = async (ms: number) => {
    await clock.advance(ms);
    await writeClock();
  };
  /** Runs a program with a dialogue: it gets a line, and its answer is a line. */
  const run = (words: readonly string[], dialogue: (ask: () => Promise<string>) => Promise<void>) => {
    const runProgram: RunProgram = async ([program = "", ...args], childEnv) => {
      const child = spawn(program, args, { env: childEnv, stdio: ["pipe", "pipe", "inherit"] });
      const exited = once(child, "exit");
      await dialogue(askLines(child));
      child.stdin?.end();
      const [code] = await exited;
      return { kind: "ended", exitCode: code };
    };
    const instance = { roleArn: ROLE, roleSessionName: "exec", region: "eu-central-1" };
    return runAs(resolver, instance, {}, words, { stderr: { write: () => undefined }, env, runProgram }, clock.now);
  };
  return { aws, advance, run };
}

function askLines(child: ChildProcess): () => Promise<string> {
  if (!child.stdin || !child.stdout) throw new Error("the program has no pipes");
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    stdin.write("\n");
    const { value, done } = await lines.next();
    return done ? "(the program has ended)" : value;
  };
}

describe("a program in rolecall exec", () => {
  for (const { name, words, isThere } of PROGRAMS) {
    it.runIf(isThere)(`acts as the role for three hours, and never with an expired key: ${name}`, async () => {
      const { aws, advance, run } = await setUp();
      const exitCode = await run(words, async (ask) => {
        for (let call = 0; call < CALLS; call++) {
          expect(await ask()).toBe(SESSION);
          await advance(STEP);
        }
      });
      expect(exitCode).toBe(0);
      const askers = aws.requests.filter(({ operation }) => operation === "GetCallerIdentity");
      expect(askers).toHaveLength(CALLS);
      expect(askers.filter(({ status }) => status !== 200)).toEqual([]);
      const assumed = aws.requests.filter(({ operation }) => operation === "AssumeRole").map(({ time }) => time);
      const minutesBetween = assumed.slice(1).map((time, index) => (time - (assumed[index] ?? 0)) / MINUTE);
      expect(Math.min(...minutesBetween)).toBeGreaterThanOrEqual(45);
      expect(assumed.length).toBeLessThanOrEqual(4);
    });

    it.runIf(isThere)(`has no other identity if the endpoint refuses it: ${name}`, async () => {
      const { aws, run } = await setUp();
      await run(["env", "AWS_CONTAINER_AUTHORIZATION_TOKEN=wrong", ...words], async (ask) => {
        expect(await ask()).not.toContain("arn:aws:");
      });
      expect(aws.count({ operation: "GetCallerIdentity" })).toBe(0);
    });
  }
});
