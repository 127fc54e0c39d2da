import { Readable } from "node:stream";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { assumeRoleCalls, MINUTE, ROLE, setUpLocal } from "../support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };

describe("a session that a service reports as expired", () => {
  it("is replaced, and the call is signed again", async () => {
    const { aws, resolver } = await setUpLocal();
    const { accessKeyId } = await resolver.resolve(instance);
    aws.expireSession(accessKeyId);
    await resolver.getClientForCommand(EC2Client, instance).send(new DescribeInstancesCommand({}));
    const calls = aws.requests.filter(({ target }) => target === "service");
    expect(calls.map(({ errorCode }) => errorCode)).toEqual(["ExpiredToken", undefined]);
    expect(calls[1]?.accessKeyId).not.toBe(accessKeyId);
    expect(resolver.stats().invalidations).toBe(1);
  });

  it("costs one AssumeRole for 50 concurrent calls", async () => {
    const { aws, resolver } = await setUpLocal();
    const { accessKeyId } = await resolver.resolve(instance);
    aws.expireSession(accessKeyId);
    aws.clearRequests();
    const dynamodb = resolver.getClientForCommand(DynamoDBClient, instance);
    await Promise.all(Array.from({ length: 50 }, () => dynamodb.send(new ListTablesCommand({}))));
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("is replaced only once for each call", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "service" }, status: 400, code: "ExpiredToken" });
    await expect(
      resolver.getClientForCommand(EC2Client, instance).send(new DescribeInstancesCommand({})),
    ).rejects.toMatchObject({ name: "ExpiredToken" });
    expect(aws.count({ target: "service" })).toBe(2);
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("is replaced, but the call is not retried if its input is a stream", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "service" }, status: 400, code: "ExpiredToken" });
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig: { forcePathStyle: true } });
    const Body = Readable.from([Buffer.from("once")]);
    await expect(
      s3.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body, ContentLength: 4 })),
    ).rejects.toMatchObject({
      name: "ExpiredToken",
    });
    expect(aws.count({ target: "service" })).toBe(1);
    expect(resolver.stats().invalidations).toBe(1);
  });
});

describe("a service that reports every session as expired", () => {
  async function setUpLyingService() {
    const setUp = await setUpLocal();
    setUp.aws.fault({ on: { target: "service", service: "ec2" }, status: 400, code: "ExpiredToken" });
    const ec2 = setUp.resolver.getClientForCommand(EC2Client, instance);
    const refused = () => ec2.send(new DescribeInstancesCommand({})).catch((error) => error.name ?? String(error));
    return { ...setUp, refused };
  }

  it("costs one AssumeRole a minute, however many calls it rejects", async () => {
    const { aws, clock, resolver, refused } = await setUpLyingService();
    await resolver.resolve(instance);
    aws.clearRequests();
    for (let call = 0; call < 100; call++) expect(await refused()).toBe("ExpiredToken");
    expect(assumeRoleCalls(aws)).toBe(1);
    await clock.advance(MINUTE);
    expect(await refused()).toBe("ExpiredToken");
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("does not take the session away from other callers while STS is down", async () => {
    const { aws, clock, resolver, refused } = await setUpLyingService();
    const session = await resolver.resolve(instance);
    aws.fault({ on: { target: "sts" }, status: 500 });
    const dynamodb = resolver.getClientForCommand(DynamoDBClient, instance);
    for (let minute = 0; minute < 10; minute++) {
      const call = refused();
      let ended = false;
      void call.finally(() => (ended = true));
      while (!ended) await clock.advance(100);
      expect(await call).toMatch(/RolecallError|ExpiredToken/);
      await dynamodb.send(new ListTablesCommand({}));
      expect(await resolver.resolve(instance)).toBe(session);
      await clock.advance(50_000);
    }
  });
});

describe("an error code that can have other causes", () => {
  it.each(["InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException"])(
    "%s replaces a session that is older than a minute, at most once a minute",
    async (code) => {
      const { aws, clock, resolver } = await setUpLocal();
      aws.fault({ on: { target: "service" }, status: 400, code });
      const ec2 = resolver.getClientForCommand(EC2Client, instance);
      const send = () => expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: code });
      await send();
      expect(assumeRoleCalls(aws)).toBe(1);
      await clock.advance(MINUTE + 1);
      await send();
      await send();
      expect(assumeRoleCalls(aws)).toBe(2);
      await clock.advance(MINUTE + 1);
      await send();
      expect(assumeRoleCalls(aws)).toBe(3);
    },
  );

  it.each(["AccessDenied", "AuthFailure", "UnauthorizedOperation"])("%s never replaces the session", async (code) => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "service" }, status: 403, code });
    const ec2 = resolver.getClientForCommand(EC2Client, instance);
    await resolver.resolve(instance);
    await clock.advance(2 * MINUTE);
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: code });
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(aws.count({ target: "service" })).toBe(1);
  });
});
