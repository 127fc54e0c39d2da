import { describe, expect, it } from "vitest";
import { SharedHandlers } from "../../src/clients/shared-handlers.js";
import { RolecallError } from "../../src/errors.js";
import type { StsTarget } from "../../src/request/chain.js";
import { Flight } from "../../src/session/flight.js";
import { type StsCallSettings, StsCalls, type StsQuestion } from "../../src/sources/sts-calls.js";
import { StsClients } from "../../src/sources/sts-clients.js";
import { createManualClock, type Fault } from "../../src/testing/index.js";
import { assumeRoleCalls, HOUR, MINUTE, OTHER_ROLE, ROLE, SECOND, setUpLocal } from "../support/local.js";
import { unsignedCaller } from "../support/unsigned-caller.js";

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

it("the error names the base identity if its credentials take too long", async () => {
  const { clock, resolver } = await setUpLocal();
  await resolver.resolve(instance); // loads the SDK
  const credentials = () => new Promise<never>(() => {});
  await expect(settleWithin(clock, 15 * SECOND, resolver.resolve({ ...instance, credentials }))).rejects.toMatchObject({
    code: "TIMEOUT",
    step: "base-identity",
    message: expect.stringContaining("no credentials for the call"),
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

const TARGET: StsTarget = {
  region: "eu-central-1",
  endpoint: undefined,
  useFipsEndpoint: undefined,
  useDualstackEndpoint: undefined,
  partition: "aws",
  network: undefined,
  trust: undefined,
  plainHttp: undefined,
};

const failure = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });

/** One question, an STS that fails as `failures` say and then answers, and the times of its calls in milliseconds. */
function setUpQuestion(failures: readonly Error[], settings: Partial<StsCallSettings> = {}) {
  const clock = createManualClock({ random: () => 0.5 });
  const began = clock.monotonic();
  const sent: number[] = [];
  const replaced: boolean[] = [];
  const send = async () => {
    sent.push(clock.monotonic() - began);
    const failed = failures[sent.length - 1];
    if (failed) throw failed;
    return "answer";
  };
  const calls = new StsCalls({
    runtime: clock,
    settings: { maxConcurrent: 4, attempts: 3, attemptTimeout: 3000, timeout: 10_000, ...settings },
    clients: new StsClients({
      stsClient: { send },
      requestHandler: undefined,
      handlers: new SharedHandlers({}),
      machine: { region: async () => "eu-central-1" },
    }),
  });
  const caller = unsignedCaller({
    replace: async (_, doubtful) => {
      replaced.push(doubtful);
      return true;
    },
  });
  const question: StsQuestion<unknown> = {
    call: {
      action: "AssumeRole",
      step: "assume-role",
      caller,
      roleArn: ROLE,
      region: undefined,
      lastSuccess: undefined,
    },
    caller,
    target: TARGET,
    command: () => ({}),
    read: (output) => output,
  };
  const ask = (changes: Partial<typeof question> = {}, flight = new Flight().raise()) =>
    settleWithin(clock, 15 * SECOND, calls.ask({ ...question, ...changes }, flight));
  return { calls, caller, ask, sent, replaced };
}

describe("one question", () => {
  it("is asked again after waits with full jitter that double from 200 ms", async () => {
    const { ask, sent } = setUpQuestion([failure("InternalFailure", 500), failure("InternalFailure", 500)]);
    expect(await ask()).toBe("answer");
    expect(sent).toEqual([0, 100, 300]);
  });

  it("is asked again after throttling with waits from 1 s to 2 s", async () => {
    const { ask, sent } = setUpQuestion(Array.from({ length: 3 }, () => failure("Throttling", 400)));
    expect(await ask()).toBe("answer");
    expect(sent).toEqual([0, 500, 1500, 2500]);
  });

  it.each([
    ["ExpiredToken", 403, false, "BASE_IDENTITY_REJECTED"],
    ["AccessDenied", 403, true, "ASSUME_ROLE_DENIED"],
  ])("is repeated once with other keys after %s", async (name, status, doubtful, code) => {
    const { ask, sent, replaced } = setUpQuestion(Array.from({ length: 9 }, () => failure(name, status)));
    await expect(ask()).rejects.toMatchObject({ code, awsCode: name });
    expect(sent).toHaveLength(2);
    expect(replaced).toEqual([doubtful]);
  });

  it("is not repeated if the caller has no other keys", async () => {
    const { ask, caller, sent } = setUpQuestion([failure("AccessDenied", 403)]);
    const stuck = { ...caller, replace: async () => false };
    await expect(ask({ caller: stuck })).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    expect(sent).toHaveLength(1);
  });

  it("is not repeated if STS rejects the request itself", async () => {
    const { ask, sent } = setUpQuestion([failure("ValidationError", 400)]);
    await expect(ask()).rejects.toMatchObject({ code: "ASSUME_ROLE_INVALID" });
    expect(sent).toHaveLength(1);
  });

  it.each([
    ["is repeated if the answer may be better the next time", true, 3],
    ["is not repeated if the answer cannot be better", false, 1],
  ])("%s", async (_, retryable, times) => {
    const { ask, sent } = setUpQuestion([]);
    const error = new RolecallError("STS_UNAVAILABLE", "Odd.", { step: "assume-role", hint: "Look.", retryable });
    const read = () => {
      throw error;
    };
    await expect(ask({ read })).rejects.toBe(error);
    expect(sent).toHaveLength(times);
  });

  it("is not called if the caller's own session cannot be loaded", async () => {
    const { ask, caller, sent } = setUpQuestion([]);
    const error = new RolecallError("IMDS_UNREACHABLE", "No.", { step: "base-identity", hint: "Look." });
    await expect(ask({ caller: { ...caller, ready: () => Promise.reject(error) } })).rejects.toBe(error);
    expect(sent).toEqual([]);
  });

  it("ends with the flight", async () => {
    const { ask, sent } = setUpQuestion([]);
    const flight = new Flight().raise();
    flight.abort(new Error("closed"));
    await expect(ask({}, flight)).rejects.toThrow("closed");
    expect(sent).toEqual([]);
  });

  it("is read with the time at which it was asked, and no date if STS sends none", async () => {
    const { ask } = setUpQuestion([]);
    const read: StsQuestion<unknown>["read"] = (_, times) => times;
    expect(await ask({ read })).toEqual({
      asked: { wall: expect.any(Number), monotonic: expect.any(Number) },
      date: undefined,
    });
  });
});
