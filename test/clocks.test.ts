import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { describe, expect, it } from "vitest";
import { createManualClock } from "../src/testing/index.js";
import { assumeRoleCalls, HOUR, MINUTE, OTHER_ROLE, ROLE, setUpLocal } from "./support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };
const OTHER_REGION = { roleArn: OTHER_ROLE, region: "eu-west-1" };

/** An AWS with a correct clock, and a machine whose clock is off by `setOffset`. */
async function setUpMachineClock(offset: number, credentialLifetime = HOUR) {
  const right = createManualClock({ now: Date.now() });
  let wrongBy = offset;
  const { aws, resolver } = await setUpLocal({
    clock: right,
    resolver: { runtime: { ...right, now: () => right.now() + wrongBy, env: {} } },
    instanceProfile: { roleArn: "arn:aws:iam::111122223333:role/rolecall-instance-profile", credentialLifetime },
  });
  const setOffset = (ms: number) => {
    wrongBy = ms;
  };
  return { aws, clock: right, resolver, setOffset };
}

describe("credentials are never rejected because of the estimate of AWS's clock", () => {
  it("a machine that was two hours behind still gets its base identity after its clock is corrected", async () => {
    const { aws, clock, resolver, setOffset } = await setUpMachineClock(-2 * HOUR);
    await resolver.resolve(instance);
    setOffset(0);
    aws.instanceProfile.rotate();
    await resolver.invalidate({});
    await expect(resolver.resolve({ roleArn: OTHER_ROLE })).resolves.toMatchObject({ accountId: "444455556666" });
    await clock.advance(10 * MINUTE);
    await expect(resolver.resolve({})).resolves.toHaveProperty("accessKeyId");
  });

  it("a process that starts two hours ahead of AWS lets STS judge the base identity", async () => {
    const { aws, resolver } = await setUpMachineClock(2 * HOUR);
    await expect(resolver.resolve(instance)).resolves.toMatchObject({ accountId: "123456789012" });
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("STS judges a provider's keys that have expired by every clock, and judges again for a later command", async () => {
    const base = "arn:aws:iam::111122223333:role/Base";
    const { aws, clock, resolver } = await setUpLocal({
      roles: [
        { roleArn: ROLE, trustedPrincipals: [base] },
        { roleArn: base, allowAssumeRole: ["*"] },
      ],
    });
    const expired = aws.issueSession({ roleArn: base, lifetime: MINUTE });
    let keys = expired;
    const own = { roleArn: ROLE, region: "us-east-1", credentials: async () => keys };
    await clock.advance(HOUR);
    await expect(resolver.resolve(own)).rejects.toMatchObject({ code: "BASE_IDENTITY_REJECTED" });
    keys = aws.issueSession({ roleArn: base });
    await clock.advance(MINUTE);
    await expect(resolver.resolve(own)).resolves.toMatchObject({ accountId: "123456789012" });
  });

  it("an expired response from the metadata service does not replace a valid set", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const { accessKeyId } = await resolver.resolve({});
    aws.fault({
      on: { target: "imds", operation: "credentials" },
      kind: "patch-credentials",
      patch: (fields) => ({ ...fields, AccessKeyId: "ASIAEXPIREDEXPIRED00", Expiration: "2020-01-01T00:00:00Z" }),
    });
    await clock.advance(90 * MINUTE);
    await resolver.resolve({});
    await clock.settle();
    expect((await resolver.resolve({})).accessKeyId).toBe(accessKeyId);
    expect(resolver.stats().refreshFailures).toBe(1);
  });
});

describe("an endpoint with a wrong Date header", () => {
  it.each([2 * HOUR, -2 * HOUR, 24 * HOUR])(
    "of %i ms: its sessions are served, and are refreshed in time",
    async (ms) => {
      const { aws, clock, resolver } = await setUpLocal();
      aws.fault({ on: { target: "sts" }, kind: "date-skew", ms, times: 1 });
      const first = await resolver.resolve(instance);
      await clock.advance(44 * MINUTE);
      expect(await resolver.resolve(instance)).toBe(first);
      await clock.advance(9 * MINUTE);
      expect(await resolver.resolve(instance)).not.toBe(first);
      expect(aws.count({ operation: "AssumeRole", status: 200 })).toBe(2);
    },
  );

  it("does not affect instances that use other endpoints", async () => {
    const { aws, clock, resolver } = await setUpLocal({
      instanceProfile: {
        roleArn: "arn:aws:iam::111122223333:role/rolecall-instance-profile",
        credentialLifetime: HOUR,
      },
    });
    const lab = aws.fault({ on: { target: "sts", region: "eu-central-1" }, kind: "date-skew", ms: 2 * HOUR });
    await resolver.resolve(instance);
    aws.instanceProfile.rotate();
    await resolver.invalidate({});
    await expect(resolver.resolve(OTHER_REGION)).resolves.toMatchObject({ accountId: "444455556666" });
    lab.clear();
    await clock.advance(MINUTE);
    await expect(resolver.resolve({})).resolves.toHaveProperty("accessKeyId");
  });
});

describe("a wall clock that steps forward by an hour", () => {
  it("does not remove a session while STS is down: the session is due for refresh and still served", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const first = await resolver.resolve(instance);
    await resolver.resolve(OTHER_REGION);
    aws.fault({ on: { target: "sts" }, status: 500 });
    clock.stepWallClock(HOUR);
    for (let minute = 0; minute < 40; minute++) {
      expect(await resolver.resolve(instance)).toBe(first);
      await clock.advance(MINUTE);
    }
    expect(resolver.stats().refreshFailures).toBeGreaterThan(0);
  });

  it("makes no caller wait while STS is slow", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const first = await resolver.resolve(instance);
    aws.setLatency(2000, { target: "sts" });
    clock.stepWallClock(HOUR);
    expect(await resolver.resolve(instance)).toBe(first);
    await clock.advance(2000);
    expect((await resolver.resolve(instance)).accessKeyId).not.toBe(first.accessKeyId);
  });

  it("during a call to STS causes no second call: the session is used", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.setLatency(1000, { target: "sts" });
    const waiting = resolver.resolve(instance);
    await clock.settle();
    clock.stepWallClock(HOUR);
    await clock.advance(1000);
    const session = await waiting;
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(await resolver.resolve(instance)).toBe(session);
  });
});

describe("a machine that sleeps", () => {
  it("signs once with a session that expired in the meantime, then again with a new one", async () => {
    const machine = createManualClock({ now: Date.now() });
    const awsClock = { now: () => machine.now(), sleep: machine.sleep };
    const { aws, resolver } = await setUpLocal({ clock: machine, awsClock });
    const first = await resolver.resolve(instance);
    machine.stepWallClock(3 * HOUR); // the monotonic clock stops while a machine sleeps
    aws.clearRequests();
    await resolver.getClientForCommand(EC2Client, instance).send(new DescribeInstancesCommand({}));
    const calls = aws.requests.filter(({ target }) => target === "service");
    expect(calls.map(({ errorCode, accessKeyId }) => [errorCode, accessKeyId === first.accessKeyId])).toEqual([
      ["ExpiredToken", true],
      [undefined, false],
    ]);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("never serves a session that is expired by the monotonic clock, whatever the wall clock says", async () => {
    const { clock, resolver } = await setUpLocal();
    const first = await resolver.resolve(instance);
    clock.stepWallClock(-24 * HOUR);
    await clock.advance(HOUR);
    expect((await resolver.resolve(instance)).accessKeyId).not.toBe(first.accessKeyId);
  });
});
