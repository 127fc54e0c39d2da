import { describe, expect, it, onTestFinished } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";
import { createLimitedSts, fixedWindow, type Limit, tokenBucket } from "../support/limited-sts.js";
import { SECOND } from "../support/local.js";
import { seededRandom } from "../support/seeded-random.js";

const roleOf = (index: number) => `arn:aws:iam::${100_000_000_000 + index}:role/Audit`;

/** Milliseconds for a call. */
const LATENCY = 100;

interface Sweep {
  readonly roles: number;
  /** Default: all of them. */
  readonly atOnce?: number;
  readonly latency?: number;
}

function setUp(limit: Limit, latency: number) {
  const clock = createManualClock({ random: seededRandom(7) });
  const sts = createLimitedSts(clock, limit, latency);
  const { stsClient } = sts;
  const resolver = createCredentialResolver({ stsClient, runtime: clock, refresh: { ahead: false } });
  onTestFinished(() => resolver.close());
  const resolve = (index: number) => resolver.resolve({ roleArn: roleOf(index), region: "eu-central-1" });
  /** Advances the clock until the work has ended, and returns the seconds that it took on the clock. */
  const settle = async (work: Promise<unknown>) => {
    const began = clock.monotonic();
    let seconds: number | undefined;
    void work.finally(() => {
      seconds = (clock.monotonic() - began) / SECOND;
    });
    while (seconds === undefined) await clock.advance(SECOND);
    return seconds;
  };
  return { clock, sts, resolver, resolve, settle };
}

/** Asks for all roles. Each of them gets a session. */
async function sweep(limit: Limit, { roles, atOnce = roles, latency = LATENCY }: Sweep) {
  const { sts, clock, resolver, resolve, settle } = setUp(limit, latency);
  let next = 0;
  const outcomes: PromiseSettledResult<unknown>[] = [];
  const work = async () => {
    while (next < roles) outcomes.push(...(await Promise.allSettled([resolve(next++)])));
  };
  const seconds = await settle(Promise.all(Array.from({ length: atOnce }, work)));
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  expect(outcomes).toHaveLength(roles);
  expect(sts.calls.length - sts.throttled).toBe(roles);
  expect(resolver.stats()).toMatchObject({ assumeRoleInFlight: 0, assumeRoleQueued: 0 });
  expect(clock.pendingTimers).toBe(0);
  return { seconds, throttled: sts.throttled, mostAtOnce: sts.mostAtOnce };
}

describe("each of many roles gets a session, without many more calls than roles", () => {
  it.each<[string, Limit, Sweep, { seconds: number; throttled: number }]>([
    ["20 a second", tokenBucket(20), { roles: 2000 }, { seconds: 105, throttled: 250 }],
    ["20 a second, 10 roles at a time", tokenBucket(20), { roles: 2000, atOnce: 10 }, { seconds: 105, throttled: 250 }],
    ["20 a second, at once", tokenBucket(20), { roles: 500, latency: 0 }, { seconds: 30, throttled: 100 }],
    ["20 a second, after 300 ms", tokenBucket(20), { roles: 500, latency: 300 }, { seconds: 30, throttled: 100 }],
    ["20 a second, 200 at first", tokenBucket(20, 200), { roles: 600 }, { seconds: 25, throttled: 200 }],
    ["5 a second", tokenBucket(5), { roles: 1000 }, { seconds: 210, throttled: 250 }],
    ["one a second", tokenBucket(1), { roles: 100 }, { seconds: 200, throttled: 250 }],
    ["20 in each second", fixedWindow(20, SECOND), { roles: 1000 }, { seconds: 55, throttled: 200 }],
    ["100 in each 5 seconds", fixedWindow(100, 5 * SECOND), { roles: 1000 }, { seconds: 105, throttled: 300 }],
  ])("from an STS that grants %s", async (_, limit, asked, most) => {
    const { seconds, throttled } = await sweep(limit, asked);
    expect(seconds).toBeLessThanOrEqual(most.seconds);
    expect(throttled).toBeLessThanOrEqual(most.throttled);
  });
});

describe("an STS that does not throttle", () => {
  it("is asked for 25 sessions at a time", async () => {
    const { seconds, mostAtOnce } = await sweep(() => true, { roles: 1000 });
    expect(seconds).toBeCloseTo(4);
    expect(mostAtOnce).toBe(25);
  });

  it.each([1, 25, 500])("and throttles one call, number %i, costs a second at most", async (nth) => {
    let calls = 0;
    const { seconds, throttled } = await sweep(() => ++calls !== nth, { roles: 1000 });
    expect(throttled).toBe(1);
    expect(seconds).toBeLessThanOrEqual(5);
  });
});

describe("an STS that throttles every call", () => {
  it("is called less and less often, and every caller gets an error within a minute", async () => {
    const { clock, sts, resolver, resolve, settle } = setUp(() => false, LATENCY);
    const outcomes = Promise.all(Array.from({ length: 100 }, (_, index) => resolve(index).catch(({ code }) => code)));
    expect(await settle(outcomes)).toBeLessThanOrEqual(60);
    const codes = await outcomes;
    expect(new Set(codes)).toEqual(new Set(["STS_UNAVAILABLE", "TIMEOUT"]));
    expect(codes.slice(0, 25)).toEqual(Array(25).fill("STS_UNAVAILABLE"));
    expect(sts.calls.length).toBeLessThan(150);
    await resolver.close();
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a caller without a signal", () => {
  const WAITING = 90;

  /** One call at a time, each of which takes a second and grants a session. */
  function setUpSlow() {
    const setup = setUp(() => true, SECOND);
    const { clock, sts } = setup;
    const resolver = createCredentialResolver({
      stsClient: sts.stsClient,
      runtime: clock,
      refresh: { ahead: false },
      assumeRole: { maxConcurrent: 1 },
    });
    onTestFinished(() => resolver.close());
    const resolve = (index: number, parts: object = {}) =>
      resolver.resolve({ roleArn: roleOf(index), region: "eu-central-1", ...parts });
    const queued = Array.from({ length: WAITING }, (_, index) => resolve(index));
    return { ...setup, resolver, resolve, queued };
  }

  it("waits for a role behind a hub that waits in a long queue", async () => {
    const { settle, resolve, queued } = setUpSlow();
    const behindHub = resolve(WAITING, { sourceRole: roleOf(WAITING + 1) });
    expect(await settle(Promise.all([...queued, behindHub]))).toBeCloseTo(WAITING + 2);
  });

  it("gets an error after a minute if its base identity's function hangs, however far the queue moves", async () => {
    const { clock, settle, resolver, queued } = setUpSlow();
    const hanging = resolver.resolve({ credentials: () => new Promise<never>(() => {}), region: "eu-central-1" });
    const ended = hanging.catch(({ code }) => ({ code, at: clock.monotonic() }));
    await settle(Promise.all(queued));
    expect(await ended).toEqual({ code: "BASE_IDENTITY_UNAVAILABLE", at: 60 * SECOND });
  });

  it("gets an error a minute after the last answer of an STS that stops in the middle of a sweep", async () => {
    const { clock, sts, resolve, queued } = setUpSlow();
    const last = resolve(WAITING).catch(({ code }) => ({ code, at: clock.monotonic() }));
    for (const call of queued) call.catch(() => {});
    await clock.advance(70 * SECOND);
    sts.hang();
    await clock.advance(120 * SECOND);
    expect(await last).toEqual({ code: "TIMEOUT", at: 130 * SECOND });
  });
});
