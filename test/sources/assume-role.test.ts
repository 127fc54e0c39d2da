import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { createManualClock, type Fault } from "../../src/testing/index.js";
import { listen } from "../support/events.js";
import { assumeRoleCalls, HOUR, MINUTE, OTHER_ROLE, ROLE, SECOND, setUpLocal } from "../support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };
const assumeRole = { target: "sts", operation: "AssumeRole" } as const;

/** Runs `work` while the clock advances over its waits and deadlines. */
async function settleWithin<T>(
  clock: { advance(ms: number): Promise<void> },
  ms: number,
  work: Promise<T>,
): Promise<T> {
  const outcome = work.then(
    (value) => () => value,
    (error) => () => {
      throw error;
    },
  );
  await clock.advance(ms);
  return (await outcome)();
}

describe("the AssumeRole request", () => {
  it("has exactly the settings from instance, author and command", async () => {
    const { aws, resolver } = await setUpLocal({ roles: [{ roleArn: ROLE, externalId: "acme-1" }] });
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }] };
    await resolver.resolve(
      {
        ...instance,
        externalId: "acme-1",
        tags: { team: "blue" },
        transitiveTagKeys: ["team"],
        sourceIdentity: "engine-7",
        policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        policy,
      },
      { roleSessionName: "nightly", roleSessionDuration: "900", region: "us-east-1", policy: "mine", tags: "mine too" },
      { session: { tags: { ticket: "T-1" } } },
    );
    expect(aws.requests.at(-1)).toMatchObject({
      operation: "AssumeRole",
      region: "eu-central-1",
      userAgent: expect.stringMatching(/ aws-rolecall\/\d/),
      parameters: {
        RoleArn: ROLE,
        RoleSessionName: "nightly",
        DurationSeconds: "900",
        ExternalId: "acme-1",
        SourceIdentity: "engine-7",
        "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "blue",
        "Tags.member.2.Key": "ticket",
        "TransitiveTagKeys.member.1": "team",
      },
    });
    expect(JSON.parse(aws.requests.at(-1)?.parameters.Policy ?? "")).toEqual(policy);
  });

  it("has a safe default session name, derived from the hostname", async () => {
    const { aws, resolver } = await setUpLocal({
      clock: createManualClock({ hostname: `böse host ${"x".repeat(80)}` }),
    });
    await resolver.resolve(instance);
    const name = aws.requests.at(-1)?.parameters.RoleSessionName;
    expect(name).toMatch(/^rolecall-b-se-host-x+$/);
    expect(name).toHaveLength(64);
  });
});

describe("retries", () => {
  it.each<[string, Fault]>([
    ["500", { on: assumeRole, status: 500, times: 2 }],
    ["503", { on: assumeRole, status: 503, times: 2 }],
    ["Throttling", { on: assumeRole, status: 400, code: "Throttling", times: 2 }],
    ["429", { on: assumeRole, status: 429, times: 2 }],
    ["a reset before the response", { on: assumeRole, kind: "reset", times: 2 }],
    ["a reset in the middle of the response", { on: assumeRole, kind: "reset-midway", times: 2 }],
    ["a truncated response", { on: assumeRole, kind: "truncated", times: 2 }],
    ["an empty response", { on: assumeRole, kind: "empty", times: 2 }],
    ["HTML", { on: assumeRole, kind: "body", contentType: "text/html", body: "<html>proxy</html>", times: 2 }],
    [
      "a set without a secret",
      { on: assumeRole, kind: "patch-credentials", patch: ({ SecretAccessKey: _, ...rest }) => rest, times: 2 },
    ],
    [
      "a session from 1970",
      {
        on: assumeRole,
        kind: "patch-credentials",
        patch: (fields) => ({ ...fields, Expiration: "1970-01-01T00:00:00Z" }),
        times: 2,
      },
    ],
  ])("succeed after %s twice", async (_, fault) => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault(fault);
    await expect(settleWithin(clock, 5 * SECOND, resolver.resolve(instance))).resolves.toMatchObject({
      accountId: "123456789012",
    });
    expect(assumeRoleCalls(aws)).toBe(3);
    expect(clock.pendingTimers).toBe(2); // the refreshes of the session and of the base identity
  });

  it("stop after three attempts, with an error that names role, cause and last success", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    await resolver.resolve(instance);
    const lastSuccess = new Date(clock.now()).toISOString();
    await clock.advance(HOUR);
    aws.clearRequests();
    aws.fault({ on: assumeRole, status: 503 });
    await expect(settleWithin(clock, 10 * SECOND, resolver.resolve(instance))).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
      retryable: true,
      roleArn: ROLE,
      region: "eu-central-1",
      message: expect.stringContaining(`last success ${lastSuccess}`),
    });
    expect(assumeRoleCalls(aws)).toBe(3);
  });

  it("wait for the time in Retry-After", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, status: 429, headers: { "Retry-After": "4" }, times: 1 });
    const result = resolver.resolve(instance);
    await clock.settle();
    await clock.advance(3.8 * SECOND);
    expect(assumeRoleCalls(aws)).toBe(1);
    await clock.advance(0.3 * SECOND);
    await result;
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("do not wait if Retry-After is beyond the deadline", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, status: 429, headers: { "Retry-After": "60" } });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("continue through throttling while a caller waits, and the error then names the cause", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const fault = aws.fault({ on: assumeRole, status: 400, code: "Throttling", times: 6 });
    await settleWithin(clock, 10 * SECOND, resolver.resolve(instance));
    expect(assumeRoleCalls(aws)).toBe(7);
    fault.clear();

    aws.fault({ on: assumeRole, status: 400, code: "Throttling" });
    const other = resolver.resolve({ ...instance, roleArn: OTHER_ROLE });
    await expect(settleWithin(clock, 10 * SECOND, other)).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
      awsCode: "Throttling",
      roleArn: OTHER_ROLE,
    });
  });

  it("have all attempts left after throttling", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, status: 400, code: "Throttling", times: 3 });
    aws.fault({ on: assumeRole, status: 500, times: 2 });
    await settleWithin(clock, 10 * SECOND, resolver.resolve(instance));
    expect(assumeRoleCalls(aws)).toBe(6);
  });

  it("stop after three attempts in the background, even if STS throttles", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    await resolver.resolve(instance);
    await clock.advance(50 * MINUTE);
    aws.clearRequests();
    aws.fault({ on: assumeRole, status: 400, code: "Throttling" });
    await resolver.resolve(instance);
    await clock.advance(2 * SECOND);
    expect(assumeRoleCalls(aws)).toBe(3);
    expect(resolver.stats().refreshFailures).toBe(1);
  });

  it("end a hanging attempt after 3 s, and all attempts within 10 s", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, kind: "hang" });
    const started = clock.monotonic();
    let ended = 0;
    const outcome = resolver.resolve(instance).catch((error) => {
      ended = clock.monotonic() - started;
      return error;
    });
    for (let step = 0; step < 100; step++) await clock.advance(100);
    expect(await outcome).toMatchObject({ code: "TIMEOUT", retryable: true, roleArn: ROLE });
    expect(assumeRoleCalls(aws)).toBe(3);
    expect(ended).toBeGreaterThan(9 * SECOND);
    expect(ended).toBeLessThanOrEqual(10 * SECOND);
  });

  it("sign again with AWS's time if the machine's clock is wrong, once for each STS client", async () => {
    const clock = createManualClock({ now: Date.now() + 2 * HOUR });
    const { aws, resolver } = await setUpLocal({ clock, strictSignatureTime: true });
    await resolver.resolve(instance);
    await resolver.resolve({ ...instance, roleArn: OTHER_ROLE });
    expect(aws.requests.filter(({ target }) => target === "sts").map(({ status }) => status)).toEqual([403, 200, 200]);
  });
});

describe("problems with the base identity", () => {
  it("keys that STS no longer accepts are read again, once", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const { accessKeyId } = await resolver.resolve({ region: "eu-central-1" });
    aws.expireSession(accessKeyId);
    aws.instanceProfile.rotate();
    await resolver.resolve(instance);
    expect(aws.requests.filter(({ target }) => target === "sts").map(({ errorCode }) => errorCode)).toEqual([
      "ExpiredToken",
      undefined,
    ]);
    await clock.settle();
  });

  it("keys that STS no longer accepts are read again even after two failed attempts", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const { accessKeyId } = await resolver.resolve({ region: "eu-central-1" });
    aws.expireSession(accessKeyId);
    aws.instanceProfile.rotate();
    aws.fault({ on: assumeRole, status: 500, times: 2 });
    await settleWithin(clock, 5 * SECOND, resolver.resolve(instance));
    expect(aws.requests.filter(({ target }) => target === "sts").map(({ status }) => status)).toEqual([
      500, 500, 403, 200,
    ]);
  });

  it("keys that are rejected for many roles at once are read again once for all of them", async () => {
    const roles = Array.from({ length: 20 }, (_, index) => `arn:aws:iam::123456789012:role/Role-${index}`);
    const { aws, resolver } = await setUpLocal({ roles: roles.map((roleArn) => ({ roleArn })) });
    const { accessKeyId } = await resolver.resolve({ region: "eu-central-1" });
    aws.expireSession(accessKeyId);
    aws.instanceProfile.rotate();
    aws.clearRequests();
    await Promise.all(roles.map((roleArn) => resolver.resolve({ roleArn, region: "eu-central-1" })));
    expect(aws.count({ target: "imds" })).toBe(3);
    expect(aws.count({ ...assumeRole, status: 200 })).toBe(roles.length);
    expect(aws.count(assumeRole)).toBeLessThanOrEqual(2 * roles.length);
  });

  it("a response that arrives while the process stalls is not used, because its age is unknown", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    await resolver.resolve({ ...instance, roleArn: OTHER_ROLE });
    aws.setLatency(SECOND, { target: "sts" });
    const session = resolver.resolve(instance);
    while (assumeRoleCalls(aws) < 2) await clock.settle();
    clock.freeze(5 * SECOND);
    const { accessKeyId } = await settleWithin(clock, 5 * SECOND, session);
    expect(assumeRoleCalls(aws)).toBe(3);
    expect(aws.requests.at(-1)).toMatchObject({ status: 200 });
    expect((await resolver.resolve(instance)).accessKeyId).toBe(accessKeyId);
  });

  it("keys that STS rejects are read again; the same ones are not sent a second time", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, status: 403, code: "InvalidClientTokenId" });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({
      code: "BASE_IDENTITY_REJECTED",
      step: "base-identity",
      awsCode: "InvalidClientTokenId",
    });
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("static keys that are rejected are not sent again", async () => {
    const { aws, resolver } = await setUpLocal();
    const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
    await expect(resolver.resolve({ ...instance, credentials })).rejects.toMatchObject({
      code: "BASE_IDENTITY_REJECTED",
    });
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("a machine with a replaced role reads it again after a denial, and then succeeds", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.setRole({ roleArn: ROLE, trustedPrincipals: ["arn:aws:iam::111122223333:role/new-profile"] });
    await resolver.resolve({ roleArn: OTHER_ROLE, region: "eu-central-1" });
    aws.instanceProfile.attach({ roleArn: "arn:aws:iam::111122223333:role/new-profile" });
    await clock.advance(MINUTE + 1);
    await resolver.resolve(instance);
    expect(aws.requests.at(-1)?.session?.roleArn).toBe("arn:aws:iam::111122223333:role/new-profile");
  });

  it("AccessDenied is final if the base identity was read recently", async () => {
    const { aws, resolver } = await setUpLocal({ roles: [] });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(aws.count({ target: "imds" })).toBe(3);
  });
});

describe("a duration that STS rejects", () => {
  it("is reduced to one hour; the limit is remembered for the session, and an event reports it", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const events: unknown[] = [];
    listen("aws-rolecall:duration-clamped", (event) => events.push(event));
    const long = { ...instance, roleSessionDuration: 7200 };
    await resolver.resolve(long);
    await clock.advance(HOUR);
    await resolver.resolve(long);
    const durations = aws.requests
      .filter(({ target }) => target === "sts")
      .map(({ parameters }) => parameters.DurationSeconds);
    expect(durations).toEqual(["7200", "3600", "3600"]);
    expect(events).toEqual([expect.objectContaining({ roleArn: ROLE, requestedSeconds: 7200, grantedSeconds: 3600 })]);
  });

  it("causes the first error if an hour is rejected too", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, status: 400, code: "ValidationError", message: "first", times: 1 });
    aws.fault({ on: assumeRole, status: 400, code: "ValidationError", message: "second" });
    await expect(resolver.resolve({ ...instance, roleSessionDuration: 7200 })).rejects.toMatchObject({
      code: "ASSUME_ROLE_INVALID",
      message: expect.stringContaining("first"),
    });
  });
});

describe("a response for a different role", () => {
  it.each([
    "arn:aws:sts::123456789012:assumed-role/Admin/session",
    "arn:aws:sts::999999999999:assumed-role/Inventory/session",
    "arn:aws-cn:sts::123456789012:assumed-role/Inventory/session",
    "arn:aws:sts::123456789012:assumed-role/Inventory2/session",
  ])("is never used: %s", async (arn) => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, kind: "patch-credentials", patch: (fields) => ({ ...fields, Arn: arn }) });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({
      code: "ASSUME_ROLE_INVALID",
      message: expect.stringContaining(arn),
    });
  });
});

it("a session that STS repeats counts as a failed refresh, and the held session is still served", async () => {
  const { aws, clock, resolver } = await setUpLocal();
  let first: object | undefined;
  aws.fault({
    on: assumeRole,
    kind: "patch-credentials",
    patch: (fields) => {
      first ??= fields;
      return { ...first };
    },
  });
  const held = await resolver.resolve(instance);
  await clock.advance(53 * MINUTE);
  expect(await resolver.resolve(instance)).toBe(held);
  await clock.advance(10 * SECOND);
  expect(resolver.stats()).toMatchObject({ refreshFailures: expect.any(Number) });
  expect(resolver.stats().refreshFailures).toBeGreaterThan(0);
});

it("a session's lifetime is limited to the requested duration", async () => {
  const { aws, clock, resolver } = await setUpLocal();
  aws.fault({
    on: assumeRole,
    kind: "patch-credentials",
    patch: (fields) => ({ ...fields, Expiration: "2200-01-01T00:00:00Z" }),
  });
  const first = await resolver.resolve(instance);
  await resolver.resolve(instance);
  await clock.advance(HOUR - 10 * SECOND);
  const second = await resolver.resolve(instance);
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
});

it("RegionDisabled causes an error that names the region and the fix", async () => {
  const { resolver } = await setUpLocal({ disabledRegions: ["eu-south-2"] });
  await expect(resolver.resolve({ roleArn: ROLE, region: "eu-south-2" })).rejects.toMatchObject({
    code: "REGION_DISABLED",
    region: "eu-south-2",
    hint: expect.stringContaining("Activate STS"),
  });
});

it("250 roles without sessions use at most 25 sockets to STS", async () => {
  const roles = Array.from({ length: 250 }, (_, index) => `arn:aws:iam::123456789012:role/Role-${index}`);
  const { aws, resolver } = await setUpLocal({ roles: roles.map((roleArn) => ({ roleArn })) });
  await Promise.all(roles.map((roleArn) => resolver.resolve({ roleArn, region: "eu-central-1" })));
  expect(assumeRoleCalls(aws)).toBe(250);
  expect(aws.count({ target: "imds" })).toBe(3);
  expect(aws.sockets.aws.peak).toBeLessThanOrEqual(25);
});

it("a custom STS endpoint is used as given", async () => {
  const { aws, clock } = await setUpLocal();
  const other = await import("../../src/testing/index.js").then(({ startLocalAws }) => startLocalAws({ clock }));
  onTestFinished(() => other.close());
  await using resolver = createCredentialResolver({ runtime: clock });
  await expect(resolver.resolve({ ...instance, sts: { endpoint: other.endpoint } })).rejects.toMatchObject({
    code: "BASE_IDENTITY_REJECTED",
  }); // the other AWS does not recognize these keys
  expect([other.count({ target: "sts" }), aws.count({ target: "sts" })]).toEqual([1, 0]);
});

it.each(["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"])(
  "%s with plain http to another machine is rejected before anything is sent",
  async (name) => {
    const { clock } = await setUpLocal();
    vi.stubEnv("AWS_ENDPOINT_URL", undefined);
    vi.stubEnv(name, "http://sts.example.invalid/");
    await using resolver = createCredentialResolver({ runtime: clock });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      field: "AWS_ENDPOINT_URL",
      message: expect.stringContaining("http://sts.example.invalid"),
    });
  },
);

it("the error names the base identity if its credentials take too long", async () => {
  const { clock, resolver } = await setUpLocal();
  await resolver.resolve(instance); // loads the SDK
  const credentials = () => new Promise<never>(() => {});
  await expect(settleWithin(clock, 15 * SECOND, resolver.resolve({ ...instance, credentials }))).rejects.toMatchObject({
    code: "TIMEOUT",
    step: "base-identity",
    message: expect.stringContaining("no credentials to call with"),
    hint: expect.stringContaining("instance.credentials"),
  });
});

it("the error names the source role if its session takes too long", async () => {
  const hub = "arn:aws:iam::123456789012:role/Hub";
  const { aws, clock, resolver } = await setUpLocal({
    roles: [
      { roleArn: ROLE, trustedPrincipals: [hub] },
      { roleArn: hub, allowAssumeRole: ["*"] },
    ],
  });
  await resolver.resolve({ ...instance, sourceRole: hub }); // loads the SDK
  aws.fault({ on: { target: "sts", roleArn: hub }, kind: "hang" });
  const other = { ...instance, sourceRole: { roleArn: hub, roleSessionName: "other" } };
  await expect(settleWithin(clock, 30 * SECOND, resolver.resolve(other))).rejects.toMatchObject({
    code: "TIMEOUT",
    step: "source-role",
    roleArn: hub,
    message: expect.stringContaining(`AssumeRole of ${hub}`),
    hint: "Check the network to the STS endpoint, and try again.",
  });
});

it("minRemaining beyond the duration is rejected at once", async () => {
  const { aws, resolver } = await setUpLocal();
  const short = { ...instance, roleSessionDuration: 900 };
  await expect(resolver.resolve(short, {}, { minRemaining: 900_000 })).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    field: "options.minRemaining",
  });
  expect(aws.requests).toEqual([]);
  await resolver.resolve(short, {}, { minRemaining: 899_000 });
});
