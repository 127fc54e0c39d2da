import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { createCredentialResolver } from "aws-rolecall";
import { createManualClock, startLocalAws } from "aws-rolecall/testing";
import { expect, it, onTestFinished } from "vitest";

const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const ADMIN = "arn:aws:iam::123456789012:role/Admin";
const instance = { roleArn: INVENTORY, region: "eu-central-1", allowedRoles: [INVENTORY] };
const MINUTE = 60_000;

async function setUp() {
  const clock = createManualClock({ now: Date.now() });
  const aws = await startLocalAws({ clock, processEnv: true, roles: [{ roleArn: INVENTORY }, { roleArn: ADMIN }] });
  const resolver = createCredentialResolver({ runtime: clock });
  onTestFinished(async () => {
    await resolver.close();
    await aws.close(); // restores the environment
  });
  const describeInstances = (args = {}) =>
    resolver.getClientForCommand(EC2Client, instance, args).send(new DescribeInstancesCommand({}));
  return { aws, clock, resolver, describeInstances };
}

it("is denied", async () => {
  const { aws, describeInstances } = await setUp();
  aws.removeRole(INVENTORY);

  await expect(describeInstances()).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
});

it("is throttled", async () => {
  const { aws, clock, describeInstances } = await setUp();
  aws.fault({ on: { target: "sts" }, status: 400, code: "Throttling" });

  const failed = expect(describeInstances()).rejects.toMatchObject({ code: "STS_UNAVAILABLE", awsCode: "Throttling" });
  await clock.advance(10_000); // ten seconds of attempts pass in a few milliseconds
  await failed;
});

it("continues when its session expires early", async () => {
  const { aws, describeInstances } = await setUp();
  await describeInstances();
  aws.expireSession(aws.requests.at(-1)?.accessKeyId ?? "");

  await describeInstances(); // EC2 returns ExpiredToken, and the library signs the call again with a new session
  expect(aws.count({ operation: "AssumeRole" })).toBe(2);
});

it("acts as the instance's role, in the command's region", async () => {
  const { aws, describeInstances } = await setUp();

  await describeInstances({ region: "us-east-1" });

  expect(aws.requests.at(-1)).toMatchObject({
    service: "ec2",
    region: "us-east-1",
    session: { roleArn: INVENTORY },
  });
});

it("refuses a role that is not in allowedRoles, without a network call", async () => {
  const { aws, describeInstances } = await setUp();

  expect(() => describeInstances({ roleArn: ADMIN })).toThrow(expect.objectContaining({ code: "ROLE_NOT_ALLOWED" }));

  expect(aws.requests).toEqual([]);
});

it("refreshes the session while it is still valid, and no command waits", async () => {
  const { aws, clock, resolver, describeInstances } = await setUp();
  await describeInstances();
  const before = resolver.stats();

  for (let minute = 0; minute < 60; minute += 5) {
    await clock.advance(5 * MINUTE);
    await describeInstances();
  }

  const after = resolver.stats();
  expect(aws.count({ operation: "AssumeRole" })).toBe(2);
  expect(after.misses + after.joined).toBe(before.misses + before.joined);
});

it("keeps working while STS is down and the session is valid", async () => {
  const { aws, clock, describeInstances } = await setUp();
  await describeInstances();
  aws.fault({ on: { target: "sts" }, status: 503, code: "ServiceUnavailable" });

  await clock.advance(55 * MINUTE);

  await expect(describeInstances()).resolves.toMatchObject({ Reservations: [expect.anything()] });
});
