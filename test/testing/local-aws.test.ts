import { request } from "node:http";
import { inspect } from "node:util";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createManualClock, type LocalAws, type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";
import { reachableAt } from "../support/reachable.js";
import {
  assumedKeys,
  assumeRole,
  CALLER_IDENTITY,
  imdsToken,
  type Keys,
  presign,
  ROLE,
  readInstanceKeys,
  send,
  sign,
  stsAs,
  USER,
} from "./requests.js";

let aws: LocalAws;
let keys: Keys;

beforeEach(async () => {
  aws = await startLocalAws({ roles: [{ roleArn: ROLE, externalId: "acme" }] });
  keys = aws.issueUserKeys({ userArn: USER });
});
afterEach(() => aws.close());

describe("the endpoints", () => {
  it("are on loopback only, and the environment sets neither credentials nor a region", async () => {
    for (const endpoint of [aws.endpoint, aws.imdsEndpoint]) {
      expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await reachableAt(Number(new URL(endpoint).port))).toEqual(["127.0.0.1"]);
    }
    expect(aws.env).toEqual({ AWS_ENDPOINT_URL: aws.endpoint, AWS_EC2_METADATA_SERVICE_ENDPOINT: aws.imdsEndpoint });
  });
});

describe("the record", () => {
  it("contains every request in order of arrival, with the server's time", async () => {
    const clock = createManualClock();
    await using moved = await startLocalAws({ clock, roles: [{ roleArn: ROLE }] });
    await assumeRole(moved);
    await clock.advance(1000);
    await assumeRole(moved, { RoleSessionName: "!" }).catch(() => undefined);
    expect(
      moved.requests.map(({ target, operation, status, errorCode, time }) => [
        target,
        operation,
        status,
        errorCode,
        time - Date.UTC(2026, 0, 1),
      ]),
    ).toEqual([
      ["imds", "token", 200, undefined, 0],
      ["imds", "role-list", 200, undefined, 0],
      ["imds", "credentials", 200, undefined, 0],
      ["sts", "AssumeRole", 200, undefined, 0],
      ["imds", "token", 200, undefined, 1000],
      ["imds", "role-list", 200, undefined, 1000],
      ["imds", "credentials", 200, undefined, 1000],
      ["sts", "AssumeRole", 400, "ValidationError", 1000],
    ]);
  });

  it("names the role that AssumeRole requests and the session that signs", async () => {
    await assumeRole(aws, { ExternalId: "acme" });
    expect(aws.requests.at(-1)).toMatchObject({
      target: "sts",
      service: "sts",
      region: "us-east-1",
      roleArn: ROLE,
      accessKeyId: aws.instanceProfile.current()?.accessKeyId,
      session: { roleArn: "arn:aws:iam::111122223333:role/rolecall-instance-profile" },
      parameters: { Action: "AssumeRole", RoleArn: ROLE, RoleSessionName: "test", ExternalId: "acme" },
      userAgent: expect.stringContaining("aws-sdk-js"),
    });
  });

  it("is counted by any of its fields, and cleared", async () => {
    await assumeRole(aws).catch(() => undefined);
    await send(await sign(aws, keys, CALLER_IDENTITY));
    expect([aws.count(), aws.count({}), aws.count({ target: "imds" }), aws.count({ target: "sts" })]).toEqual([
      5, 5, 3, 2,
    ]);
    expect([
      aws.count({ status: 403 }),
      aws.count({ operation: "AssumeRole", status: 200 }),
      aws.count({ service: "ec2" }),
    ]).toEqual([1, 0, 0]);
    aws.clearRequests();
    expect([aws.count(), aws.requests]).toEqual([0, []]);
  });

  it.each<[NonNullable<LocalAwsOptions["recordRequests"]>, string[]]>([
    [true, ["token", "role-list", "credentials", "AssumeRole", "GetCallerIdentity"]],
    [{ operation: "AssumeRole" }, ["AssumeRole"]],
    [{ target: "imds" }, ["token", "role-list", "credentials"]],
    [false, []],
  ])("with recordRequests %o contains %o", async (recordRequests, expected) => {
    await using limited = await startLocalAws({ recordRequests, roles: [{ roleArn: ROLE }] });
    const role = await assumedKeys(limited);
    await stsAs(limited, role).send(new GetCallerIdentityCommand({}));
    expect(limited.requests.map(({ operation }) => operation)).toEqual(expected);
    expect(limited.count({ status: 200 })).toBe(expected.length);
  });

  it("refuses another recordRequests", async () => {
    await expect(startLocalAws({ recordRequests: 1000 as never })).rejects.toThrow(
      "recordRequests must be true, false or a filter, got 1000",
    );
  });

  it("is not changed by what a reader does to its session", async () => {
    await send(await sign(aws, keys, CALLER_IDENTITY));
    const { session } = aws.requests[0] ?? {};
    if (session !== undefined) session.arn = "changed";
    expect((await send(await sign(aws, keys, CALLER_IDENTITY))).body).toContain(USER);
  });
});

describe("secrets", () => {
  it("are all listed, and none appears in a record, in inspect, in JSON or in an error", async () => {
    const observed: unknown[] = [];
    const note = (value: unknown) => {
      if (value instanceof Error) observed.push(inspect(value, { depth: 9 }), value.stack);
      return "";
    };
    const instance = await readInstanceKeys(aws);
    const assumed = (await assumeRole(aws, { ExternalId: "acme" })).Credentials;
    const query = { Action: "GetCallerIdentity", Version: "2011-06-15" };
    await send(await presign(aws, { ...keys }, { query }, { expiresIn: 60 }));
    await send(await presign(aws, instance, { query }, { expiresIn: 60 }));
    await send(await presign(aws, instance, { path: "/bucket/key" }, { service: "s3", expiresIn: 60 }));
    await stsAs(aws, { ...instance, secretAccessKey: keys.secretAccessKey })
      .send(new GetCallerIdentityCommand({}))
      .catch(note);
    aws.expireSession(instance.accessKeyId);
    await stsAs(aws, instance).send(new GetCallerIdentityCommand({})).catch(note);
    expect(observed.length).toBe(4);

    const secrets = aws.secrets();
    for (const secret of [
      keys.secretAccessKey,
      instance.secretAccessKey,
      instance.sessionToken,
      assumed?.SecretAccessKey,
      assumed?.SessionToken,
      await imdsToken(aws),
    ]) {
      expect(aws.secrets()).toContain(secret);
    }
    const seen = [
      inspect(aws, { depth: 9, showHidden: true, getters: true, maxArrayLength: null }),
      JSON.stringify(aws),
      ...observed,
    ].join("\n");
    expect(seen).toContain(instance.accessKeyId);
    expect(secrets.filter((secret) => seen.includes(secret) || seen.includes(encodeURIComponent(secret)))).toEqual([]);
  });
});

describe("latency", () => {
  it("delays matching responses until it is reset", async () => {
    const clock = createManualClock({ now: Date.now() });
    await using moved = await startLocalAws({ clock });
    const signed = await sign(moved, moved.issueUserKeys({ userArn: USER }), CALLER_IDENTITY);
    /** Whether the response waits for the clock. */
    const isDelayed = async () => {
      const before = clock.monotonic();
      let answered = false;
      const answer = send(signed).finally(() => {
        answered = true;
      });
      while (clock.pendingTimers === 0 && !answered) await new Promise((resolve) => setImmediate(resolve));
      if (!answered) await clock.advance(80);
      await answer;
      return clock.monotonic() - before > 0;
    };
    moved.setLatency(80, { operation: "GetCallerIdentity" });
    expect(await isDelayed()).toBe(true);
    moved.setLatency(0, { target: "sts" });
    expect(await isDelayed()).toBe(false);
    moved.setLatency(80, { target: "imds" });
    expect(await isDelayed()).toBe(false);
    moved.setLatency(80);
    expect(await isDelayed()).toBe(true);
    moved.setLatency(0);
    expect(await isDelayed()).toBe(false);
  });

  it("elapses on a manual clock", async () => {
    const clock = createManualClock({ now: Date.now() });
    await using moved = await startLocalAws({ clock });
    moved.setLatency(30_000);
    let answeredAt = 0;
    const answer = fetch(`${moved.imdsEndpoint}/latest/meta-data/`).then(() => {
      answeredAt = clock.monotonic();
    });
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(29_999);
    expect(answeredAt).toBe(0);
    await clock.advance(1);
    await answer;
    expect([answeredAt, clock.pendingTimers]).toEqual([30_000, 0]);
  });

  it("does not delay close()", async () => {
    aws.setLatency(60_000);
    const outcome = send(await sign(aws, keys, CALLER_IDENTITY)).catch((error: Error) => error.message);
    while (aws.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    await aws.close();
    expect(await outcome).toBe("fetch failed");
  });

  it("is at least 0", () => {
    expect(() => aws.setLatency(-1)).toThrow(RangeError);
  });
});

describe("connections", () => {
  it("are counted", async () => {
    const sts = stsAs(aws, keys);
    const none = { open: 0, peak: 0, total: 0 };
    expect(aws.sockets).toEqual({ imds: none, container: none, aws: none });
    aws.setLatency(20);
    await Promise.all(Array.from({ length: 3 }, () => sts.send(new GetCallerIdentityCommand({}))));
    expect(aws.sockets.aws).toEqual({ open: 3, peak: 3, total: 3 });
    aws.setLatency(0);
    await sts.send(new GetCallerIdentityCommand({}));
    expect(aws.sockets.aws.total).toBe(3);
    sts.destroy();
    while (aws.sockets.aws.open > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(aws.sockets.aws).toEqual({ open: 0, peak: 3, total: 3 });
  });

  it("are all ended by close(), which can be called twice", async () => {
    await send(await sign(aws, keys, CALLER_IDENTITY));
    await Promise.all([aws.close(), aws.close()]);
    await aws.close();
    await expect(send(await sign(aws, keys, CALLER_IDENTITY))).rejects.toThrow("fetch failed");
  });
});

describe("an endless request", () => {
  it("is cut off: its connection is closed after 16 MiB", async () => {
    const block = Buffer.alloc(1024 * 1024);
    const posted = request(aws.endpoint, { method: "POST" });
    const ended = new Promise<string>((resolve) => {
      posted.on("error", () => resolve("cut off"));
      posted.on("response", ({ statusCode }) => resolve(`answered with ${statusCode}`));
    });
    for (let sent = 0; sent < 32 && !posted.destroyed; sent++) {
      await Promise.race([new Promise((resolve) => posted.write(block, resolve)), ended]);
    }
    posted.end();
    expect(await ended).toBe("cut off");
  });
});

describe("issued keys", () => {
  it("can assume the roles that the user is allowed to assume", async () => {
    aws.setRole({ roleArn: ROLE, trustedPrincipals: ["arn:aws:iam::111122223333:root"] });
    await assumeRole(aws, {}, keys);
    const limited = aws.issueUserKeys({ userArn: USER, allowAssumeRole: ["arn:aws:iam::*:role/Other"] });
    await expect(assumeRole(aws, {}, limited)).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("require an ARN of the right kind, and an issued access key id", () => {
    expect(() => aws.issueUserKeys({ userArn: ROLE })).toThrow(TypeError);
    expect(() => aws.issueSession({ roleArn: USER })).toThrow(TypeError);
    expect(() => aws.expireSession("ASIAUNKNOWN")).toThrow(RangeError);
  });
});

it("a clock must have now()", async () => {
  for (const clock of [true, null, {}]) {
    await expect(startLocalAws({ clock } as never)).rejects.toThrow(/^clock must be an object with now\(\), got an? /);
  }
});
