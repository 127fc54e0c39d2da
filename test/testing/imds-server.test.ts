import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { describe, expect, it, vi } from "vitest";
import { createManualClock, type LocalAws, type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";
import { assumeRole, imdsToken, ROLE, readInstanceKeys, stsAs } from "./requests.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROLE_LIST = "/latest/meta-data/iam/security-credentials/";
const TTL = "x-aws-ec2-metadata-token-ttl-seconds";

async function get(aws: LocalAws, path: string, token?: string) {
  const headers = token === undefined ? {} : { "x-aws-ec2-metadata-token": token };
  const response = await fetch(aws.imdsEndpoint + path, { headers });
  return { status: response.status, body: await response.text(), date: response.headers.get("date") };
}

async function putToken(aws: LocalAws, headers: Record<string, string>) {
  return fetch(`${aws.imdsEndpoint}/latest/api/token`, { method: "PUT", headers });
}

async function withClock(options: LocalAwsOptions = {}) {
  const clock = createManualClock();
  return { clock, aws: await startLocalAws({ clock, ...options }) };
}

describe("tokens", () => {
  it.each([
    [{ [TTL]: "1" }, 200],
    [{ [TTL]: "21600" }, 200],
    [{ [TTL]: "0" }, 400],
    [{ [TTL]: "21601" }, 400],
    [{ [TTL]: "-5" }, 400],
    [{ [TTL]: "soon" }, 400],
    [{}, 400],
    [{ [TTL]: "60", "x-forwarded-for": "10.0.0.1" }, 403],
  ])("respond to a token request with %j with status %i", async (headers, status) => {
    await using aws = await startLocalAws();
    const response = await putToken(aws, headers as Record<string, string>);
    expect(response.status).toBe(status);
    if (status === 200) expect(response.headers.get(TTL)).toBe((headers as Record<string, string>)[TTL]);
  });

  it("expire by the server's clock", async () => {
    const { clock, aws } = await withClock();
    const token = await imdsToken(aws, 60);
    expect((await get(aws, ROLE_LIST, token)).status).toBe(200);
    await clock.advance(59_999);
    expect((await get(aws, ROLE_LIST, token)).status).toBe(200);
    await clock.advance(1);
    expect((await get(aws, ROLE_LIST, token)).status).toBe(401);
    await aws.close();
  });

  it("are required, and unknown ones are rejected", async () => {
    await using aws = await startLocalAws();
    expect((await get(aws, ROLE_LIST)).status).toBe(401);
    expect((await get(aws, ROLE_LIST, "made-up")).status).toBe(401);
    expect(aws.count({ target: "imds", operation: "role-list", status: 401 })).toBe(2);
  });

  it("are optional with v1, but a stale one is rejected", async () => {
    await using aws = await startLocalAws({ imds: { v1: true } });
    expect(await get(aws, ROLE_LIST)).toMatchObject({ status: 200, body: "rolecall-instance-profile" });
    expect((await get(aws, ROLE_LIST, "stale")).status).toBe(401);
  });

  it("never arrive if the hop limit is exceeded", async () => {
    await using aws = await startLocalAws({ imds: { hopLimitExceeded: true } });
    const answer = fetch(`${aws.imdsEndpoint}/latest/api/token`, {
      method: "PUT",
      headers: { [TTL]: "60" },
      signal: AbortSignal.timeout(40),
    });
    await expect(answer).rejects.toThrow(/abort|timeout/i);
    expect((await get(aws, ROLE_LIST)).status).toBe(401);
  });
});

describe("paths", () => {
  it("return the role, the profile, the placement and the instance", async () => {
    await using aws = await startLocalAws({
      region: "eu-central-1",
      instanceProfile: { roleArn: "arn:aws:iam::123456789012:role/team/Engine" },
    });
    const token = await imdsToken(aws);
    const body = async (path: string) => (await get(aws, path, token)).body;
    expect(await body(ROLE_LIST)).toBe("Engine");
    expect(await body("/latest/meta-data/placement/region")).toBe("eu-central-1");
    expect(await body("/latest/meta-data/placement/availability-zone")).toBe("eu-central-1a");
    expect(await body("/latest/meta-data/instance-id")).toBe("i-0123456789abcdef0");
    expect(JSON.parse(await body("/latest/meta-data/iam/info"))).toMatchObject({
      Code: "Success",
      InstanceProfileArn: "arn:aws:iam::123456789012:instance-profile/team/Engine",
      InstanceProfileId: expect.stringMatching(/^AIPA[A-Z2-7]{17}$/),
    });
    expect(JSON.parse(await body("/latest/dynamic/instance-identity/document"))).toMatchObject({
      accountId: "123456789012",
      region: "eu-central-1",
      instanceId: "i-0123456789abcdef0",
    });
    expect(aws.requests.map(({ operation }) => operation)).toEqual([
      "token",
      "role-list",
      "placement",
      "placement",
      "instance-id",
      "iam-info",
      "identity-document",
    ]);
  });

  it("return a credential set in EC2's format, dated by the server's clock", async () => {
    const { aws } = await withClock();
    const answer = await get(aws, `${ROLE_LIST}rolecall-instance-profile`, await imdsToken(aws));
    expect(JSON.parse(answer.body)).toEqual({
      Code: "Success",
      LastUpdated: "2026-01-01T00:00:00Z",
      Type: "AWS-HMAC",
      AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
      SecretAccessKey: expect.stringMatching(/^.{40}$/),
      Token: expect.stringMatching(/^.{300,}$/),
      Expiration: "2026-01-01T06:00:00Z",
    });
    expect(answer.date).toBe("Thu, 01 Jan 2026 00:00:00 GMT");
    await aws.close();
  });

  it.each<[string, object, string]>([
    ["aws", { Service: ["lambda.amazonaws.com", "ec2.amazonaws.com"] }, "Success"],
    ["aws-us-gov", { Service: "ec2.amazonaws.com" }, "Success"],
    ["aws-cn", { Service: "ec2.amazonaws.com.cn" }, "Success"],
    ["aws-cn", { Service: "ec2.amazonaws.com" }, "AssumeRoleUnauthorizedAccess"],
    ["aws", { Service: "ec2.amazonaws.com.cn" }, "AssumeRoleUnauthorizedAccess"],
    ["aws", { AWS: "111122223333" }, "AssumeRoleUnauthorizedAccess"],
  ])("serve credentials if EC2 can assume the role: in %s %j", async (partition, Principal, code) => {
    const Statement = { Effect: "Allow", Principal, Action: "sts:AssumeRole" };
    const trustPolicy = { Version: "2012-10-17", Statement };
    const roleArn = `arn:${partition}:iam::111122223333:role/Engine`;
    await using aws = await startLocalAws({ instanceProfile: { roleArn, trustPolicy } });
    const answer = await get(aws, `${ROLE_LIST}Engine`, await imdsToken(aws));
    const { Code, ...rest } = JSON.parse(answer.body);
    expect(Code).toBe(code);
    expect("Token" in rest).toBe(code === "Success");
  });

  it("return 404 for another role's name or an unknown path, and 405 for a write", async () => {
    await using aws = await startLocalAws();
    const token = await imdsToken(aws);
    expect((await get(aws, `${ROLE_LIST}other`, token)).status).toBe(404);
    expect((await get(aws, "/latest/meta-data/nothing", token)).status).toBe(404);
    const post = await fetch(aws.imdsEndpoint + ROLE_LIST, {
      method: "POST",
      headers: { "x-aws-ec2-metadata-token": token },
    });
    expect(post.status).toBe(405);
    expect((await get(aws, "/latest/api/token", token)).status).toBe(405);
  });
});

describe("the instance profile", () => {
  it("returns 404 while no role is attached, and serves a role that is attached later", async () => {
    await using aws = await startLocalAws({ instanceProfile: null });
    const token = await imdsToken(aws);
    expect((await get(aws, ROLE_LIST, token)).status).toBe(404);
    expect((await get(aws, "/latest/meta-data/iam/info", token)).status).toBe(404);
    expect((await get(aws, "/latest/meta-data/placement/region", token)).status).toBe(200);
    expect(aws.instanceProfile.current()).toBeUndefined();

    aws.instanceProfile.attach({ roleArn: "arn:aws:iam::123456789012:role/Late" });
    expect((await get(aws, ROLE_LIST, token)).body).toBe("Late");
    aws.instanceProfile.detach();
    expect((await get(aws, ROLE_LIST, token)).status).toBe(404);
  });

  it("leaves its credential sets and their permissions in effect after it is detached", async () => {
    await using aws = await startLocalAws({ roles: [{ roleArn: ROLE }] });
    const keys = await readInstanceKeys(aws);
    aws.instanceProfile.detach();
    await assumeRole(aws, {}, keys);
  });

  it("serves a set until less than an hour is left", async () => {
    const { clock, aws } = await withClock();
    const first = await readInstanceKeys(aws);
    await clock.advance(5 * HOUR - 1);
    expect(await readInstanceKeys(aws)).toEqual(first);
    await clock.advance(1);
    const second = await readInstanceKeys(aws);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(second.expiration).toBe("2026-01-01T11:00:00Z");
    await aws.close();
  });

  it("serves a short-lived set until half of its lifetime has passed", async () => {
    const { clock, aws } = await withClock({
      instanceProfile: { roleArn: "arn:aws:iam::111122223333:role/Short", credentialLifetime: 20 * MINUTE },
    });
    const first = await readInstanceKeys(aws);
    await clock.advance(10 * MINUTE - 1);
    expect(await readInstanceKeys(aws)).toEqual(first);
    await clock.advance(1);
    expect((await readInstanceKeys(aws)).accessKeyId).not.toBe(first.accessKeyId);
    await aws.close();
  });

  it("rotates on demand; the old set stays valid until it expires", async () => {
    const { clock, aws } = await withClock();
    const first = await readInstanceKeys(aws);
    aws.instanceProfile.rotate();
    const second = await readInstanceKeys(aws);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(aws.instanceProfile.current()).toEqual({
      accessKeyId: second.accessKeyId,
      roleArn: "arn:aws:iam::111122223333:role/rolecall-instance-profile",
      expiration: clock.now() + 6 * HOUR,
    });
    const identify = () => stsAs(aws, first).send(new GetCallerIdentityCommand({}));
    await clock.advance(6 * HOUR - 1);
    expect(await identify()).toMatchObject({
      Arn: "arn:aws:sts::111122223333:assumed-role/rolecall-instance-profile/i-0123456789abcdef0",
    });
    await clock.advance(1);
    await expect(identify()).rejects.toMatchObject({ name: "ExpiredToken" });
    await aws.close();
  });

  it.each([
    [true, "accepts"],
    [false, "refuses"],
  ])("pinned with stillAccepted %s serves the same set after it expires, which STS then %s", async (stillAccepted) => {
    const { clock, aws } = await withClock();
    const first = await readInstanceKeys(aws);
    aws.instanceProfile.pin({ stillAccepted });
    await clock.advance(10 * HOUR);
    expect(await readInstanceKeys(aws)).toEqual(first);
    const identified = stsAs(aws, first).send(new GetCallerIdentityCommand({}));
    if (stillAccepted) await expect(identified).resolves.toMatchObject({ Account: "111122223333" });
    else await expect(identified).rejects.toMatchObject({ name: "ExpiredToken" });

    aws.instanceProfile.unpin();
    expect((await readInstanceKeys(aws)).accessKeyId).not.toBe(first.accessKeyId);
    await aws.close();
  });

  it.each([
    [{ roleArn: "arn:aws:iam::1:role/x" }, /instanceProfile\.roleArn/],
    [{ roleArn: "arn:aws:iam::111122223333:role/x", credentialLifetime: 0 }, /credentialLifetime/],
  ])("rejects %j", async (instanceProfile, message) => {
    await expect(startLocalAws({ instanceProfile })).rejects.toThrow(message);
  });
});

describe("@smithy/credential-provider-imds", () => {
  it("reads the instance profile", async () => {
    await using aws = await startLocalAws();
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.env.AWS_EC2_METADATA_SERVICE_ENDPOINT);
    const credentials = await fromInstanceMetadata({ ec2MetadataV1Disabled: true, maxRetries: 0 })();
    expect(credentials).toMatchObject({ accessKeyId: aws.instanceProfile.current()?.accessKeyId });
    expect(await stsAs(aws, credentials as never).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "111122223333",
    });
    expect(aws.requests.map(({ operation }) => operation)).toEqual([
      "token",
      "role-list",
      "credentials",
      "GetCallerIdentity",
    ]);
  });

  it("treats the 404 for a missing role as an error", async () => {
    await using aws = await startLocalAws({ instanceProfile: null });
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.imdsEndpoint);
    await expect(fromInstanceMetadata({ ec2MetadataV1Disabled: true, maxRetries: 0 })()).rejects.toMatchObject({
      statusCode: 404,
    });
  });
});
