import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createManualClock,
  type Fault,
  type LocalAws,
  type ManualClock,
  startLocalAws,
} from "../../src/testing/index.js";
import {
  assumeRole,
  CALLER_IDENTITY,
  imdsToken,
  type Keys,
  OTHER_ROLE,
  ROLE,
  readInstanceKeys,
  send,
  sign,
  stsAs,
} from "./requests.js";

let clock: ManualClock;
let aws: LocalAws;
let keys: Keys;

beforeEach(async () => {
  clock = createManualClock();
  aws = await startLocalAws({
    clock,
    roles: [
      { roleArn: ROLE, trustedPrincipals: ["*"] },
      { roleArn: OTHER_ROLE, trustedPrincipals: ["*"] },
    ],
  });
  keys = aws.issueSession({ roleArn: "arn:aws:iam::111122223333:role/Engine" });
  aws.setRole({ roleArn: "arn:aws:iam::111122223333:role/Engine", allowAssumeRole: ["*"] });
});
afterEach(() => aws.close());

const identify = async () => send(await sign(aws, keys, CALLER_IDENTITY));

describe("a fault", () => {
  it("hits every request until it is cleared", async () => {
    const fault = aws.fault({ on: {}, status: 500 });
    expect((await identify()).outcome).toBe("500 InternalFailure");
    expect((await fetch(`${aws.imdsEndpoint}/latest/meta-data/`)).status).toBe(500);
    fault.clear();
    fault.clear();
    expect((await identify()).outcome).toBe("200");
  });

  it("is removed after a number of hits", async () => {
    aws.fault({ on: { target: "sts" }, status: 503, times: 2 });
    expect([(await identify()).status, (await identify()).status, (await identify()).status]).toEqual([503, 503, 200]);
  });

  it("throttles requests over a rate, by the server's clock", async () => {
    aws.fault({ on: { target: "sts" }, kind: "throttling", ratePerSecond: 2, burst: 3 });
    const four = async () => {
      const outcomes = [];
      for (let call = 0; call < 4; call++) outcomes.push((await identify()).outcome);
      return outcomes;
    };
    expect(await four()).toEqual(["200", "200", "200", "400 Throttling"]);
    await clock.advance(1000);
    expect(await four()).toEqual(["200", "200", "400 Throttling", "400 Throttling"]);
    await clock.advance(60_000);
    expect(await four()).toEqual(["200", "200", "200", "400 Throttling"]);
  });

  it("counts only matching requests as hits", async () => {
    aws.fault({ on: { operation: "AssumeRole", roleArn: ROLE }, status: 400, code: "Throttling", times: 1 });
    await identify();
    await assumeRole(aws, { RoleArn: OTHER_ROLE }, keys);
    await expect(assumeRole(aws, {}, keys)).rejects.toMatchObject({ name: "Throttling" });
    await assumeRole(aws, {}, keys);
  });

  it.each<[string, Fault["on"], boolean]>([
    ["target", { target: "sts" }, true],
    ["another target", { target: "imds" }, false],
    ["operation", { operation: "GetCallerIdentity" }, true],
    ["another operation", { operation: "AssumeRole" }, false],
    ["service", { service: "sts" }, true],
    ["another service", { service: "ec2" }, false],
    ["region", { region: "us-east-1" }, true],
    ["another region", { region: "eu-west-1" }, false],
    ["signer's role", { roleArn: "arn:aws:iam::111122223333:role/Engine" }, true],
    ["another role", { roleArn: ROLE }, false],
    ["all of these", { target: "sts", operation: "GetCallerIdentity", service: "sts", region: "us-east-1" }, true],
  ])("applies by %s", async (_title, on, hits) => {
    aws.fault({ on, status: 418 });
    expect((await identify()).status).toBe(hits ? 418 : 200);
  });

  it("does not count requests before it, or requests that an earlier fault handled", async () => {
    aws.fault({ on: {}, status: 500, times: 1 });
    aws.fault({ on: {}, status: 503, times: 1 });
    expect([(await identify()).status, (await identify()).status, (await identify()).status]).toEqual([500, 503, 200]);
  });

  it.each<[number, string]>([
    [400, "ValidationError"],
    [403, "AccessDenied"],
    [404, "NotFound"],
    [429, "Throttling"],
    [500, "InternalFailure"],
    [502, "InternalFailure"],
    [503, "ServiceUnavailable"],
  ])("of status %i has the usual code %s", async (status, code) => {
    aws.fault({ on: {}, status });
    expect((await identify()).outcome).toBe(`${status} ${code}`);
    expect(aws.requests.at(-1)).toMatchObject({ status, errorCode: code });
  });

  it("has the configured code, message and headers", async () => {
    aws.fault({ on: {}, status: 400, code: "Throttling", message: "Rate exceeded", headers: { "Retry-After": "7" } });
    const answer = await identify();
    expect(answer.outcome).toBe("400 Throttling");
    expect(answer.body).toContain("<Message>Rate exceeded</Message>");
    expect(answer.headers.get("retry-after")).toBe("7");
  });

  it("can reset the connection before the request takes effect", async () => {
    aws.fault({ on: {}, kind: "reset", times: 1 });
    await expect(identify()).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) },
    });
    expect(aws.requests.at(-1)?.status).toBeUndefined();
    expect((await identify()).outcome).toBe("200");
  });

  it("can reset the connection after the request took effect", async () => {
    const before = aws.secrets().length;
    aws.fault({ on: {}, kind: "reset-midway", times: 1 });
    await expect(assumeRole(aws, {}, keys)).rejects.toThrow();
    expect(aws.requests.at(-1)?.status).toBe(200);
    expect(aws.secrets().length).toBe(before + 2);
  });

  it("can hang until the client gives up or the servers close", async () => {
    aws.fault({ on: { target: "sts" }, kind: "hang" });
    const givesUp = new AbortController();
    const left = expect(
      stsAs(aws, keys).send(new GetCallerIdentityCommand({}), { abortSignal: givesUp.signal }),
    ).rejects.toThrow();
    while (aws.count() < 1) await clock.settle();
    givesUp.abort();
    await left;
    const hanging = identify();
    const outcome = hanging.catch((error: Error) => error.message);
    while (aws.count() < 2) await clock.settle();
    await aws.close();
    expect(await outcome).toBe("fetch failed");
  });

  it("can truncate the body", async () => {
    aws.fault({ on: {}, kind: "truncated", times: 1 });
    const cut = await identify();
    expect(cut.status).toBe(200);
    expect(cut.body).not.toContain("</GetCallerIdentityResponse>");
    aws.fault({ on: {}, kind: "truncated", times: 1 });
    await expect(stsAs(aws, keys).send(new GetCallerIdentityCommand({}))).rejects.toThrow();
  });

  it("can omit the body or send a different one", async () => {
    aws.fault({ on: {}, kind: "empty", times: 1 });
    expect(await identify()).toMatchObject({ status: 200, body: "" });
    aws.fault({ on: {}, kind: "body", contentType: "text/html", body: "<html>proxy</html>", times: 1 });
    const answer = await identify();
    expect([answer.status, answer.body, answer.headers.get("content-type")]).toEqual([
      200,
      "<html>proxy</html>",
      "text/html",
    ]);
  });

  it("can skew the Date header in combination with another fault", async () => {
    aws.fault({ on: {}, kind: "date-skew", ms: -7_200_000 });
    expect((await identify()).headers.get("date")).toBe("Wed, 31 Dec 2025 22:00:00 GMT");
    aws.fault({ on: {}, status: 500, times: 1 });
    const failed = await identify();
    expect([failed.status, failed.headers.get("date")]).toEqual([500, "Wed, 31 Dec 2025 22:00:00 GMT"]);
  });

  it("can change the credentials that STS issues", async () => {
    aws.fault({
      on: { operation: "AssumeRole" },
      kind: "patch-credentials",
      times: 1,
      patch: ({ SessionToken: _, ...fields }) => ({
        ...fields,
        Expiration: "1970-01-01T00:00:00Z",
        SecretAccessKey: "patched-secret",
        Arn: "arn:aws:sts::999999999999:assumed-role/Else/test",
      }),
    });
    await identify();
    const { Credentials, AssumedRoleUser } = await assumeRole(aws, {}, keys);
    expect(Credentials).toMatchObject({ Expiration: new Date(0), SecretAccessKey: "patched-secret" });
    expect(Credentials?.SessionToken).toBeUndefined();
    expect(AssumedRoleUser?.Arn).toContain("999999999999");
    expect(aws.secrets()).toContain("patched-secret");
    expect((await assumeRole(aws, {}, keys)).Credentials?.SecretAccessKey).not.toBe("patched-secret");
  });

  it("can change the credentials that IMDS serves", async () => {
    aws.fault({
      on: { operation: "credentials" },
      kind: "patch-credentials",
      patch: (fields) => ({ ...fields, Code: "Failed", AccessKeyId: undefined }),
    });
    const token = await imdsToken(aws);
    const path = "/latest/meta-data/iam/security-credentials/rolecall-instance-profile";
    const answer = await fetch(aws.imdsEndpoint + path, { headers: { "x-aws-ec2-metadata-token": token } });
    const fields = (await answer.json()) as Record<string, string>;
    expect([fields.Code, "AccessKeyId" in fields]).toEqual(["Failed", false]);
  });

  it("can repeat a set that was issued before", async () => {
    const first = (await assumeRole(aws, {}, keys)).Credentials;
    aws.fault({
      on: { operation: "AssumeRole" },
      kind: "patch-credentials",
      patch: (fields) => ({
        ...fields,
        AccessKeyId: first?.AccessKeyId,
        SecretAccessKey: first?.SecretAccessKey,
        SessionToken: first?.SessionToken,
      }),
    });
    expect((await assumeRole(aws, {}, keys)).Credentials?.AccessKeyId).toBe(first?.AccessKeyId);
  });

  it("reports the error if its patch throws", async () => {
    aws.fault({
      on: {},
      kind: "patch-credentials",
      patch: () => {
        throw new Error("my patch is wrong");
      },
    });
    await expect(assumeRole(aws, {}, keys)).rejects.toThrow("my patch is wrong");
  });

  it("uses the error format of IMDS for IMDS requests", async () => {
    aws.fault({ on: { target: "imds", operation: "token" }, status: 403, times: 1 });
    const answer = await fetch(`${aws.imdsEndpoint}/latest/api/token`, { method: "PUT" });
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("<title>403 - ")]);
    await readInstanceKeys(aws);
  });

  it.each([
    [{ on: {}, kind: "explode" }, /fault\.kind/],
    [{ status: 500 }, /fault\.on/],
    [{ on: {} }, /fault\.status/],
    [{ on: {}, status: 99 }, /fault\.status/],
    [{ on: {}, status: 500, times: 0 }, /fault\.times/],
    [{ on: {}, kind: "throttling", ratePerSecond: 0 }, /fault\.ratePerSecond/],
    [{ on: {}, kind: "throttling", ratePerSecond: 5, burst: 0 }, /fault\.burst/],
  ])("is rejected if it is %j", (fault, message) => {
    expect(() => aws.fault(fault as never)).toThrow(message);
  });
});
