import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { createManualClock, type FaultEffect } from "../src/testing/index.js";
import { assumeRoleCalls, HOUR, MINUTE, OTHER_ROLE, ROLE, SECOND, setUpLocal } from "./support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };

describe("one session for each role", () => {
  const regions = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"];
  const sends = [
    (resolver, region) =>
      resolver.getClientForCommand(EC2Client, instance, { region }).send(new DescribeInstancesCommand({})),
    (resolver, region) =>
      resolver.getClientForCommand(DynamoDBClient, instance, { region }).send(new ListTablesCommand({})),
    (resolver, region) => resolver.getClientForCommand(S3Client, instance, { region }).send(new ListBucketsCommand({})),
  ] satisfies ((resolver: Awaited<ReturnType<typeof setUpLocal>>["resolver"], region: string) => Promise<unknown>)[];
  const command = (resolver: Awaited<ReturnType<typeof setUpLocal>>["resolver"], index: number) =>
    (sends[index % sends.length] as (typeof sends)[0])(resolver, regions[index % regions.length] as string);

  it("300 commands, 100 at a time, with three client classes and five regions cost 1 AssumeRole and 3 IMDS calls", async () => {
    const { aws, resolver } = await setUpLocal();
    for (let batch = 0; batch < 3; batch++) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => command(resolver, batch * 100 + index)));
    }
    expect(aws.count({ target: "service", status: 200 })).toBe(300);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(aws.count({ target: "imds" })).toBe(3);
    expect(resolver.stats().clients).toBe(15);
    expect(
      new Set(aws.requests.filter(({ target }) => target === "service").map(({ session }) => session?.roleArn)),
    ).toEqual(new Set([ROLE]));
  });

  it("200 sequential commands cost 1 AssumeRole and 3 IMDS calls", async () => {
    const { aws, resolver } = await setUpLocal();
    for (let index = 0; index < 200; index++) await command(resolver, index);
    expect(aws.count({ target: "service", status: 200 })).toBe(200);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(aws.count({ target: "imds" })).toBe(3);
  });
});

describe("near expiry", () => {
  it("5 calls to send() with little time left cost at most 1 AssumeRole", async () => {
    const { aws, clock, resolver } = await setUpLocal({ resolver: { refresh: { ahead: false } } });
    await resolver.resolve(instance);
    await clock.advance(56 * MINUTE);
    aws.clearRequests();
    const ec2 = resolver.getClientForCommand(EC2Client, instance);
    for (let send = 0; send < 5; send++) await ec2.send(new DescribeInstancesCommand({}));
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("no command fails while STS answers 500 and 240 s are left", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    await resolver.resolve(instance);
    aws.fault({ on: { target: "sts" }, status: 500 });
    await clock.advance(HOUR - 240 * SECOND);
    const ec2 = resolver.getClientForCommand(EC2Client, instance);
    for (let second = 0; second < 220; second += 20) {
      await ec2.send(new DescribeInstancesCommand({}));
      await clock.advance(20 * SECOND);
    }
    expect(resolver.stats().refreshFailures).toBeGreaterThan(0);
    expect(aws.count({ target: "service", status: 200 })).toBe(11);
  });
});

describe("permanent errors and aborted calls", () => {
  it("STS is called once for 10 requests for a denied role", async () => {
    const { aws, resolver } = await setUpLocal({ roles: [] });
    for (let call = 0; call < 10; call++) {
      await expect(resolver.resolve(instance)).rejects.toMatchObject({
        code: "ASSUME_ROLE_DENIED",
        roleArn: ROLE,
        awsCode: "AccessDenied",
        hint: expect.stringContaining("trust policy"),
      });
    }
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("a caller can abort after 1 s while STS hangs, without affecting other callers", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const hang = aws.fault({ on: { target: "sts" }, kind: "hang" });
    const controller = new AbortController();
    const impatient = resolver.resolve(instance, {}, { signal: controller.signal });
    const patient = resolver.resolve(instance);
    const freed = expect(impatient).rejects.toMatchObject({ code: "ABORTED", roleArn: ROLE });
    await clock.advance(SECOND);
    controller.abort();
    await freed;
    hang.clear();
    await clock.advance(5 * SECOND);
    await expect(patient).resolves.toMatchObject({ accountId: "123456789012" });
  });

  it("send() can be aborted while it waits for credentials", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "sts" }, kind: "hang" });
    const controller = new AbortController();
    const ec2 = resolver.getClientForCommand(EC2Client, instance);
    const freed = expect(
      ec2.send(new DescribeInstancesCommand({}), { abortSignal: controller.signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
    await clock.advance(SECOND);
    controller.abort();
    await freed;
    expect(aws.count({ target: "service" })).toBe(0);
  });
});

describe("the identity is never wrong", () => {
  it("a role that is not in allowedRoles is rejected without a network call, even if its session is cached", async () => {
    const { aws, resolver } = await setUpLocal();
    await resolver.resolve({ roleArn: OTHER_ROLE });
    aws.clearRequests();
    const guarded = { ...instance, allowedRoles: [ROLE] };
    expect(() => resolver.getClientForCommand(EC2Client, guarded, { roleArn: OTHER_ROLE })).toThrow(
      expect.objectContaining({ code: "ROLE_NOT_ALLOWED", roleArn: OTHER_ROLE }),
    );
    await expect(resolver.resolve(guarded, { roleArn: OTHER_ROLE })).rejects.toMatchObject({
      code: "ROLE_NOT_ALLOWED",
    });
    await expect(resolver.verify(guarded, { roleArn: OTHER_ROLE })).rejects.toMatchObject({ code: "ROLE_NOT_ALLOWED" });
    expect(() => resolver.provider(guarded, { roleArn: OTHER_ROLE })).toThrow(
      expect.objectContaining({ code: "ROLE_NOT_ALLOWED" }),
    );
    expect(aws.requests).toEqual([]);
  });

  it.each([
    ["policy", { policy: { Version: "2012-10-17", Statement: [] } }],
    ["externalId", { externalId: "acme-1" }],
  ])("a %s without a role is an error, without a network call", async (field, limit) => {
    const { aws, resolver } = await setUpLocal();
    await expect(resolver.resolve({ region: "eu-west-1", ...limit })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      field: `instance.${field}`,
    });
    expect(aws.requests).toEqual([]);
  });

  it("20 regions that reject the session cost at most 1 AssumeRole", async () => {
    const regions = Array.from({ length: 20 }, (_, index) => `eu-north-${index + 1}`);
    const { aws, clock, resolver } = await setUpLocal({ disabledRegions: regions });
    await resolver.resolve(instance);
    await clock.advance(2 * MINUTE);
    aws.clearRequests();
    for (const region of regions) {
      const dynamodb = resolver.getClientForCommand(DynamoDBClient, instance, { region });
      await expect(dynamodb.send(new ListTablesCommand({}))).rejects.toMatchObject({
        name: "UnrecognizedClientException",
      });
    }
    expect(assumeRoleCalls(aws)).toBeLessThanOrEqual(1);
    aws.clearRequests();
    await clock.advance(2 * MINUTE);
    await Promise.allSettled(
      regions.map((region) =>
        resolver.getClientForCommand(DynamoDBClient, instance, { region }).send(new ListTablesCommand({})),
      ),
    );
    expect(assumeRoleCalls(aws)).toBeLessThanOrEqual(1);
  });

  it("a command never falls back from the role to the base identity when STS denies the role", async () => {
    const { aws, resolver } = await setUpLocal({ roles: [] });
    await expect(
      resolver.getClientForCommand(EC2Client, instance).send(new DescribeInstancesCommand({})),
    ).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    expect(aws.count({ target: "service" })).toBe(0);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("a command without a role runs as the base identity", async () => {
    const { aws, resolver } = await setUpLocal();
    await resolver.getClientForCommand(EC2Client, { region: "eu-west-1" }).send(new DescribeInstancesCommand({}));
    expect(aws.requests.at(-1)).toMatchObject({
      target: "service",
      session: { roleArn: "arn:aws:iam::111122223333:role/rolecall-instance-profile" },
    });
    expect(assumeRoleCalls(aws)).toBe(0);
  });
});

describe("refresh in the background", () => {
  it.each([
    ["20 s", 20 * SECOND],
    ["20 min", 20 * MINUTE],
    ["29 min", 29 * MINUTE],
    ["40 min", 40 * MINUTE],
  ])("over 24 h of one-hour sessions with a command every %s, only the first command waits", async (_, interval) => {
    const { aws, clock, resolver } = await setUpLocal();
    await resolver.resolve(instance);
    let commands = 0;
    for (let at = 0; at < 24 * HOUR; at += interval) {
      await clock.advance(interval);
      await resolver.resolve(instance);
      commands++;
    }
    const { misses, joined, hits } = resolver.stats();
    // the first command, and its first read of the base identity
    expect(misses + joined).toBe(2);
    expect(hits).toBeGreaterThanOrEqual(commands);
    // sessions last 45 to 52.5 minutes: 27 to 32 of them
    expect(assumeRoleCalls(aws)).toBeGreaterThanOrEqual(27);
    expect(assumeRoleCalls(aws)).toBeLessThanOrEqual(33);
  });

  it("an idle session expires without a refresh", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    await resolver.resolve(instance);
    await clock.advance(24 * HOUR);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("a sweep over 200 accounts in two regions, then three idle hours, cost 200 AssumeRole", async () => {
    const accounts = Array.from({ length: 200 }, (_, index) => ({
      roleArn: `arn:aws:iam::${100_000_000_000 + index}:role/Audit`,
      region: "us-east-1",
    }));
    const { aws, clock, resolver } = await setUpLocal({ roles: accounts.map(({ roleArn }) => ({ roleArn })) });
    for (const region of ["us-east-1", "eu-central-1"]) {
      for (const account of accounts) {
        await resolver.getClientForCommand(EC2Client, account, { region }).send(new DescribeInstancesCommand({}));
        await clock.advance(SECOND);
      }
    }
    await clock.advance(3 * HOUR);
    expect(aws.count({ target: "service", status: 200 })).toBe(400);
    expect(assumeRoleCalls(aws)).toBe(200);
    expect(aws.count({ target: "imds" })).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a wrong local clock", () => {
  it.each([2 * HOUR, -2 * HOUR])("of %i ms does not change when sessions are refreshed", async (wrongBy) => {
    const right = createManualClock({ now: Date.now() });
    const { aws, resolver } = await setUpLocal({
      clock: right,
      resolver: { runtime: { ...right, now: () => right.now() + wrongBy, env: {} } },
    });
    const first = await resolver.resolve(instance);
    await right.advance(44 * MINUTE);
    expect(await resolver.resolve(instance)).toBe(first);
    expect(assumeRoleCalls(aws)).toBe(1);
    await right.advance(9 * MINUTE);
    const second = await resolver.resolve(instance);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(2);
    expect(second.expiration?.getTime()).toBeGreaterThan(right.now() + 50 * MINUTE);
  });
});

describe("base keys that STS rejects", () => {
  const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

  it("are not sent for every command: the rejection is remembered for 1 s, growing to 60 s", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const own = { ...instance, credentials: keys };
    for (let second = 0; second < 10; second++) {
      await expect(resolver.resolve(own)).rejects.toMatchObject({ code: "BASE_IDENTITY_REJECTED" });
      await clock.advance(SECOND);
    }
    expect(assumeRoleCalls(aws)).toBe(4); // after 0, 1, 3 and 7 s
    expect(resolver.stats().denied).toBe(10);
  });

  it("are read again by a forced refresh, which finds the new keys", async () => {
    const { aws, resolver } = await setUpLocal();
    const { accessKeyId } = await resolver.resolve({});
    aws.instanceProfile.pin();
    aws.expireSession(accessKeyId);
    await expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "BASE_IDENTITY_REJECTED" });
    aws.instanceProfile.unpin();
    aws.instanceProfile.rotate();
    await expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "BASE_IDENTITY_REJECTED" });
    await expect(resolver.resolve(instance, {}, { forceRefresh: true })).resolves.toHaveProperty("accountId");
  });
});

describe("verify", () => {
  it("returns account, ARN and user id of the acting and the base identity", async () => {
    const { resolver } = await setUpLocal();
    expect(await resolver.verify(instance, { roleSessionName: "test-button" })).toEqual({
      accountId: "123456789012",
      arn: "arn:aws:sts::123456789012:assumed-role/Inventory/test-button",
      userId: expect.stringMatching(/^AROA\w+:test-button$/),
      region: "eu-central-1",
      roleArn: ROLE,
      base: {
        accountId: "111122223333",
        arn: "arn:aws:sts::111122223333:assumed-role/rolecall-instance-profile/i-0123456789abcdef0",
        userId: expect.stringMatching(/:i-0123456789abcdef0$/),
      },
    });
  });

  it("calls STS again despite a remembered denial, and later commands use the result", async () => {
    const { aws, resolver } = await setUpLocal({ roles: [] });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    await expect(resolver.verify(instance)).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    expect(assumeRoleCalls(aws)).toBe(2);
    aws.setRole({ roleArn: ROLE });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    expect(assumeRoleCalls(aws)).toBe(2);
    await expect(resolver.verify(instance)).resolves.toMatchObject({ roleArn: ROLE });
    await expect(resolver.resolve(instance)).resolves.toMatchObject({ accountId: "123456789012" });
    expect(assumeRoleCalls(aws)).toBe(3);
  });

  it("returns only the base identity if no role is requested", async () => {
    const { resolver } = await setUpLocal();
    const identity = await resolver.verify({ region: "eu-west-1" });
    expect(identity).toMatchObject({ accountId: "111122223333", region: "eu-west-1" });
    expect(identity.base.arn).toBe(identity.arn);
    expect(identity).not.toHaveProperty("roleArn");
  });
});

describe("the region", () => {
  it("comes from the metadata service if nothing else sets it", async () => {
    const { aws, resolver } = await setUpLocal({ region: "ap-south-1" });
    await resolver.getClientForCommand(EC2Client, { roleArn: ROLE }).send(new DescribeInstancesCommand({}));
    expect(aws.requests.at(-1)).toMatchObject({ target: "service", region: "ap-south-1" });
    expect(aws.requests.find(({ target }) => target === "sts")).toMatchObject({ region: "ap-south-1" });
  });

  it("is an error that mentions AWS_REGION if nothing provides it, and the next command looks again", async () => {
    const { aws, resolver } = await setUpLocal();
    const placement = { target: "imds", operation: "placement" } as const;
    const page = aws.fault({ on: placement, kind: "body", contentType: "text/html", body: "<html>portal</html>" });
    const ec2 = resolver.getClientForCommand(EC2Client, { roleArn: ROLE });
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      hint: expect.stringContaining("AWS_REGION"),
    });
    page.clear();
    await ec2.send(new DescribeInstancesCommand({}));
    expect(aws.count({ target: "service", status: 200 })).toBe(1);
  });

  it("outside the role's partition is an error before any request", async () => {
    const { aws, resolver } = await setUpLocal({ region: "cn-north-1" });
    const ec2 = resolver.getClientForCommand(EC2Client, { roleArn: ROLE });
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("cn-north-1"),
    });
    expect(aws.count({ target: "service" })).toBe(0);
  });

  it("for STS is the partition's default if the machine's region is in a different partition", async () => {
    const role = "arn:aws-cn:iam::123456789012:role/Inventory";
    const { aws, resolver } = await setUpLocal({ roles: [{ roleArn: role }] });
    await resolver.resolve({ roleArn: role });
    expect(aws.requests.at(-1)).toMatchObject({ target: "sts", region: "cn-northwest-1" });
  });
});

describe("close", () => {
  it("ends waiting calls, timers and sockets", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    await resolver.resolve({ roleArn: OTHER_ROLE });
    aws.fault({ on: { target: "sts" }, kind: "hang" });
    const waiting = expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
    await clock.settle();
    const ec2 = resolver.getClientForCommand(EC2Client, instance);
    await resolver.close();
    await waiting;
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
    expect(aws.sockets.aws.open).toBe(0);
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
    expect(() => resolver.getClientForCommand(EC2Client, instance)).toThrow(
      expect.objectContaining({ code: "RESOLVER_CLOSED" }),
    );
  });

  it.each<[string, FaultEffect]>([
    ["waits for its next attempt", { status: 503 }],
    ["gets no response", { kind: "hang" }],
  ])("ends a read of the metadata service that %s", async (_, effect) => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds" }, ...effect });
    const keys = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/engine" });
    const closed = expect.objectContaining({ code: "RESOLVER_CLOSED" });
    const credentials = expect(resolver.resolve({ region: "eu-central-1" })).rejects.toEqual(closed);
    const region = expect(resolver.verify({ credentials: keys })).rejects.toEqual(closed);
    await clock.settle();
    await resolver.close();
    await Promise.all([credentials, region]);
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
    expect(aws.sockets.imds.open).toBe(0);
  });
});
