import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setDefaultResolver } from "aws-rolecall";
import { type LocalAws, startLocalAws } from "aws-rolecall/testing";
import type { XsoarArgs, XsoarParams } from "aws-rolecall/xsoar";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { describeInstances } from "../../docs/examples/moving-xsoar-after.js";
import { isThere, PROGRAM_TIMEOUT, runProgram } from "../support/programs.js";
import { project, read } from "./code-blocks.js";

const hasBoto3 = isThere("boto3", "python3", "-c", "import boto3");

const PROGRAM = join(project, "docs/examples/moving-xsoar-before.py");
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const AUDIT = "arn:aws:iam::444455556666:role/Audit";
const MACHINE = "arn:aws:iam::111122223333:role/rolecall-instance-profile";

const params = {
  defaultRegion: "eu-central-1",
  roleArn: INVENTORY,
  roleSessionName: "xsoar",
  sessionDuration: "900",
  timeout: "60,10",
  retries: "5",
};
const tenCommands = Array.from({ length: 10 }, (_, index) => ({ region: index % 2 ? "us-east-1" : "" }));

beforeEach(() => setDefaultResolver(undefined));

/** Runs the program in Python with a command for each of `args`, then the same commands with the library. */
async function runBoth(given: XsoarParams, args: XsoarArgs[]) {
  const roles = [{ roleArn: INVENTORY }, { roleArn: AUDIT }];
  const aws = await startLocalAws({ processEnv: true, region: "eu-central-1", roles });
  const home = await mkdtemp(join(tmpdir(), "rolecall-moving-"));
  onTestFinished(async () => {
    await aws.close();
    await rm(home, { recursive: true });
  });

  const { stdout, stderr } = await runProgram(
    "python3",
    [PROGRAM, ...[given, ...args].map((each) => JSON.stringify(each))],
    home,
    aws.env,
  );
  expect(stderr).toBe("");
  const before = { values: JSON.parse(stdout), ...observe(aws) };
  aws.clearRequests();

  const values: unknown[] = [];
  for (const each of args) values.push(await describeInstances(given, each));
  return { before, after: { values, ...observe(aws) } };
}

function observe(aws: LocalAws) {
  const commands = aws.requests.filter(({ service }) => service === "ec2");
  return {
    identities: commands.map(({ session, region }) => ({ arn: session?.arn, region })),
    roles: commands.map(({ session }) => session?.roleArn),
    assumeRoleCalls: aws.count({ operation: "AssumeRole" }),
    durations: aws.requests
      .filter(({ operation }) => operation === "AssumeRole")
      .map(({ parameters }) => parameters.DurationSeconds),
  };
}

describe("a command in Python and the same with the library", { timeout: PROGRAM_TIMEOUT }, () => {
  it.runIf(hasBoto3)("act as the same identity in the same regions, with fewer calls to STS", async () => {
    const { before, after } = await runBoth(params, tenCommands);
    expect(before.values).toEqual(Array(10).fill([expect.stringMatching(/^i-/)]));
    expect(after.values).toEqual(before.values);
    expect(before.identities[1]).toEqual({
      arn: "arn:aws:sts::123456789012:assumed-role/Inventory/xsoar",
      region: "us-east-1",
    });
    expect(after.identities).toEqual(before.identities);
    expect(new Set([...before.durations, ...after.durations])).toEqual(new Set(["900"]));
    expect(read("docs/moving.md")).toContain(
      `| AssumeRole calls for ten commands | ${before.assumeRoleCalls} | ${after.assumeRoleCalls} |`,
    );
  });

  it.runIf(hasBoto3)("act as the command's role if it has a session name", async () => {
    const { before, after } = await runBoth(params, [{ roleArn: AUDIT, roleSessionName: "case-1" }]);
    expect(before.identities[0]?.arn).toBe("arn:aws:sts::444455556666:assumed-role/Audit/case-1");
    expect(after.identities).toEqual(before.identities);
  });

  it.runIf(hasBoto3)("differ if a role has no session name: only the library acts as the role", async () => {
    const withoutName = { ...params, roleSessionName: "" };
    const ofInstance = await runBoth(withoutName, [{}]);
    expect([ofInstance.before.roles, ofInstance.after.roles]).toEqual([[MACHINE], [INVENTORY]]);
  });

  it.runIf(hasBoto3)("differ in the same way for a command's role", async () => {
    const ofCommand = await runBoth(params, [{ roleArn: AUDIT, roleSessionName: "" }]);
    expect([ofCommand.before.roles, ofCommand.after.roles]).toEqual([[INVENTORY], [AUDIT]]);
  });
});
