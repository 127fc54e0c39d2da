import { getEventListeners } from "node:events";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { Diagnostics } from "../../src/diagnostics.js";
import { RolecallError, type RolecallErrorCode } from "../../src/errors.js";
import { CredentialCache } from "../../src/session/credential-cache.js";
import type { Flight } from "../../src/session/flight.js";
import { INSTANCE_PROFILE_RULES, type RefreshRules, ROLE_RULES } from "../../src/session/refresh-policy.js";
import { redacted } from "../../src/session/session-credentials.js";
import type { IssuedSession, Load, SessionSource } from "../../src/session/session-source.js";
import { withStaticStability } from "../../src/sources/static-stability.js";
import { createManualClock } from "../../src/testing/index.js";
import { LRU_CHANNELS, listen } from "../support/events.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A source that responds as the test sets it, or with its own sessions. */
function createSource({
  key = "key",
  parentKey,
  rules = ROLE_RULES,
}: {
  key?: string;
  parentKey?: string;
  rules?: RefreshRules;
} = {}) {
  let loads = 0;
  let running = 0;
  let mostAtOnce = 0;
  let answer: (flight: Flight) => Promise<Load> = async () => session(loads);
  const load = async (flight: Flight) => {
    loads++;
    mostAtOnce = Math.max(mostAtOnce, ++running);
    try {
      return await answer(flight);
    } finally {
      running--;
    }
  };
  const source: SessionSource = {
    key,
    parentKey,
    step: "assume-role",
    roleArn: `role of ${key}`,
    rules,
    load: (flight) => (rules === INSTANCE_PROFILE_RULES ? withStaticStability(load, flight) : load(flight)),
    invalidate: async () => {},
  };
  return {
    source,
    answers(next: (flight: Flight) => Promise<Load>) {
      answer = next;
    },
    fails(code: RolecallErrorCode) {
      answer = async () => {
        throw failure(code);
      };
    },
    get loads() {
      return loads;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
  };
}

function session(number: number, life = HOUR): IssuedSession {
  return {
    kind: "issued",
    life,
    credentials: redacted({ accessKeyId: `ASIA${number}`, secretAccessKey: `secret-${number}`, sessionToken: "token" }),
  };
}

function failure(code: RolecallErrorCode): RolecallError {
  return new RolecallError(code, "It failed.", { step: "assume-role", hint: "Wait." });
}

function createCache(options: { maxSessions?: number; refreshAhead?: boolean } = {}) {
  const clock = createManualClock({ random: () => 0 });
  const diagnostics = new Diagnostics();
  const cache = new CredentialCache({
    runtime: clock,
    diagnostics,
    maxSessions: options.maxSessions ?? 100,
    refreshAhead: options.refreshAhead ?? true,
  });
  onTestFinished(() => cache.close());
  return { clock, cache, diagnostics };
}

describe("one load for each key", () => {
  it("is shared by all concurrent callers", async () => {
    const { cache, diagnostics } = createCache();
    const it = createSource();
    const all = await Promise.all(Array.from({ length: 100 }, () => cache.get(it.source)));
    expect(new Set(all).size).toBe(1);
    expect(it.loads).toBe(1);
    expect([diagnostics.count("miss"), diagnostics.count("joined")]).toEqual([1, 99]);
  });

  it("is shared even if the key was evicted while it loads", async () => {
    const { clock, cache } = createCache({ maxSessions: 1 });
    const it = createSource();
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(1)))));
    const first = cache.get(it.source);
    await clock.settle();
    await cache.get(createSource({ key: "other" }).source);
    const second = cache.get(it.source);
    await clock.settle();
    finish?.();
    expect(await first).toBe(await second);
    expect([it.loads, it.mostAtOnce]).toEqual([1, 1]);
  });

  it("does not return another key's session", async () => {
    const { cache } = createCache();
    const [one, two] = [createSource({ key: "one" }), createSource({ key: "two" })];
    one.answers(async () => session(1));
    two.answers(async () => session(2));
    expect((await cache.get(one.source)).accessKeyId).toBe("ASIA1");
    expect((await cache.get(two.source)).accessKeyId).toBe("ASIA2");
  });
});

describe("refresh", () => {
  it("runs in the background from the advisory point on, while the caller gets the session at once", async () => {
    const { clock, cache } = createCache({ refreshAhead: false });
    const it = createSource();
    const first = await cache.get(it.source);
    await clock.advance(45 * MINUTE - 1);
    expect(await cache.get(it.source)).toBe(first);
    expect(it.loads).toBe(1);
    await clock.advance(1);
    expect(await cache.get(it.source)).toBe(first);
    await clock.settle();
    expect(it.loads).toBe(2);
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA2");
  });

  it("is scheduled for a session in use, but not for an idle one", async () => {
    const { clock, cache } = createCache();
    const [used, idle] = [createSource({ key: "used" }), createSource({ key: "idle" })];
    await cache.get(used.source);
    await cache.get(idle.source);
    await cache.get(used.source);
    await clock.advance(45 * MINUTE);
    expect([used.loads, idle.loads]).toEqual([2, 1]);
    await clock.advance(2 * HOUR);
    expect([used.loads, idle.loads]).toEqual([2, 1]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not depend on its timer: after a freeze, the caller waits for a new session", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    await cache.get(it.source);
    clock.freeze(3 * HOUR);
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA2");
  });

  it.each([
    ["forward", 24 * HOUR],
    ["back", -24 * HOUR],
  ])("does not serve a session beyond its lifetime if the wall clock steps %s a day", async (_, step) => {
    const { clock, cache } = createCache();
    const it = createSource();
    const first = await cache.get(it.source);
    clock.stepWallClock(step);
    expect(await cache.get(it.source)).toBe(first);
    await clock.advance(HOUR);
    expect((await cache.get(it.source)).accessKeyId).not.toBe(first.accessKeyId);
  });

  it("backs off after failures while the session is served, and never shows the error", async () => {
    const { clock, cache, diagnostics } = createCache({ refreshAhead: false });
    clock.setRandom(() => 0.999);
    const it = createSource();
    const first = await cache.get(it.source);
    it.fails("STS_UNAVAILABLE");
    await clock.advance(53 * MINUTE);
    for (let second = 0; second < 60; second++) {
      expect(await cache.get(it.source)).toBe(first);
      await clock.advance(SECOND);
    }
    // attempts at 0, 1, 3, 7, 15 and 31 s: a minute with a command every second
    expect(it.loads - 1).toBe(6);
    expect(diagnostics.count("refresh-failed")).toBe(6);
  });

  it("is retried by the timer after a failure, so that an infrequent command does not find an expired session", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    await cache.get(it.source);
    await cache.get(it.source);
    it.fails("STS_UNAVAILABLE");
    await clock.advance(50 * MINUTE);
    it.answers(async () => session(99));
    await clock.advance(2 * MINUTE);
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA99");
  });

  it("fails with the load's own error after expiry, and succeeds for the first caller after recovery", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    await cache.get(it.source);
    it.fails("STS_UNAVAILABLE");
    await clock.advance(HOUR - 10 * SECOND);
    await expect(cache.get(it.source)).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    it.answers(async () => session(7));
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA7");
  });

  it("passes the held session and the time of the last success to the source", async () => {
    const { clock, cache } = createCache({ refreshAhead: false });
    const it = createSource();
    await cache.get(it.source);
    const issuedAt = clock.now();
    let seen: Flight | undefined;
    it.answers(async (flight) => {
      seen = flight;
      return session(2);
    });
    await clock.advance(HOUR);
    await cache.get(it.source);
    expect(seen).toMatchObject({ held: { accessKeyId: "ASIA1" }, lastSuccess: issuedAt, urgent: true });
  });
});

describe("a caller's options", () => {
  it("minRemaining loads a new session if the cached one has less time left", async () => {
    const { clock, cache } = createCache({ refreshAhead: false });
    const it = createSource();
    await cache.get(it.source);
    await clock.advance(20 * MINUTE);
    expect((await cache.get(it.source, { minRemaining: 40 * MINUTE })).accessKeyId).toBe("ASIA1");
    expect((await cache.get(it.source, { minRemaining: 40 * MINUTE + 1 })).accessKeyId).toBe("ASIA2");
  });

  it("minRemaining that the newest session does not reach is an error, without a load for each caller", async () => {
    const { clock, cache } = createCache({ refreshAhead: false });
    const it = createSource();
    const unreachable = { code: "INVALID_REQUEST", field: "options.minRemaining" };
    const wish = { minRemaining: 2 * HOUR };
    await expect(cache.get(it.source, wish)).rejects.toMatchObject(unreachable);
    await expect(cache.get(it.source, wish)).rejects.toMatchObject(unreachable);
    expect(it.loads).toBe(1);
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA1");
    it.answers(async () => session(2, 3 * HOUR));
    await clock.advance(HOUR);
    expect((await cache.get(it.source, wish)).accessKeyId).toBe("ASIA2");
  });

  it("minRemaining loads a new session if a shared session is too short only because of its age", async () => {
    const { cache } = createCache({ refreshAhead: false });
    const it = createSource();
    it.answers(async () => ({ ...session(1), kind: "shared", age: 46 * MINUTE, advisoryPoint: 50 * MINUTE }));
    await cache.get(it.source);
    it.answers(async () => session(2));
    expect((await cache.get(it.source, { minRemaining: 15 * MINUTE })).accessKeyId).toBe("ASIA2");
  });

  it("minRemaining beyond the source's set loads it once, until the source returns a different set", async () => {
    const { clock, cache } = createCache({ refreshAhead: false });
    const it = createSource({ rules: INSTANCE_PROFILE_RULES });
    const expiration = new Date(clock.now() + 6 * HOUR);
    const set = (): IssuedSession => ({
      kind: "issued",
      life: expiration.getTime() - clock.now(),
      credentials: redacted({ accessKeyId: "ASIA1", secretAccessKey: "secret-1", expiration }),
    });
    it.answers(async () => set());
    await cache.get(it.source);
    await clock.advance(50 * MINUTE);
    const wish = { minRemaining: 5.5 * HOUR };
    for (let times = 0; times < 3; times++) {
      await expect(cache.get(it.source, wish)).rejects.toMatchObject({ field: "options.minRemaining" });
    }
    expect(it.loads).toBe(2);
  });

  it("forceRefresh loads from the source, while other callers are served from memory", async () => {
    const { cache } = createCache();
    const it = createSource();
    const first = await cache.get(it.source);
    const forced = cache.get(it.source, { forceRefresh: true });
    expect(await cache.get(it.source)).toBe(first);
    expect((await forced).accessKeyId).toBe("ASIA2");
  });

  it("a signal releases only its own caller, at once, and leaves no listener or timer", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(1, Number.POSITIVE_INFINITY)))));
    const controller = new AbortController();
    const aborted = expect(cache.get(it.source, { signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
      step: "assume-role",
      cause: "enough",
    });
    const waiting = cache.get(it.source);
    await clock.settle();
    controller.abort("enough");
    await aborted;
    expect(clock.pendingTimers).toBe(1);
    finish?.();
    expect((await waiting).accessKeyId).toBe("ASIA1");
    expect(clock.pendingTimers).toBe(0);
  });

  it("a thousand callers can share one signal without a warning from Node", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const { clock, cache } = createCache();
    const it = createSource();
    it.answers(() => new Promise(() => {}));
    const controller = new AbortController();
    const { signal } = controller;
    const waiters = Array.from({ length: 1000 }, () => cache.get(it.source, { signal }).catch(({ code }) => code));
    await clock.settle();
    controller.abort();
    expect(new Set(await Promise.all(waiters))).toEqual(new Set(["ABORTED"]));
    expect([it.loads, getEventListeners(signal, "abort").length, warnings]).toEqual([1, 0, []]);
  });

  it("a signal that is already aborted starts no load", async () => {
    const { cache } = createCache();
    const it = createSource();
    await expect(cache.get(it.source, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(it.loads).toBe(0);
  });

  it("a caller without a signal waits at most 60 s", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    it.answers(() => new Promise(() => {}));
    const outcome = expect(cache.get(it.source)).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    await clock.advance(MINUTE);
    await outcome;
  });
});

describe("a denial", () => {
  it("is remembered for 1 s, growing to 60 s, and cleared by a success", async () => {
    const { clock, cache, diagnostics } = createCache();
    const it = createSource();
    it.fails("ASSUME_ROLE_DENIED");
    const tries: number[] = [];
    for (let second = 0; second < 130; second++) {
      const before = it.loads;
      await expect(cache.get(it.source)).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
      if (it.loads > before) tries.push(second);
      await clock.advance(SECOND);
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123]);
    expect(diagnostics.count("denied")).toBe(130);
    it.answers(async () => session(1));
    await clock.advance(MINUTE);
    await cache.get(it.source);
  });

  it("does not end a valid session", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    const first = await cache.get(it.source);
    await cache.get(it.source);
    it.fails("ASSUME_ROLE_DENIED");
    await clock.advance(HOUR - 11 * SECOND);
    expect(await cache.get(it.source)).toBe(first);
    expect(it.loads).toBeGreaterThan(5);
    await clock.advance(SECOND);
    await expect(cache.get(it.source)).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
  });

  it("is forgotten after invalidate(), so the next attempt is made at once", async () => {
    const { cache } = createCache();
    const it = createSource();
    it.fails("ASSUME_ROLE_DENIED");
    await expect(cache.get(it.source)).rejects.toThrow();
    await expect(cache.get(it.source)).rejects.toThrow();
    expect(it.loads).toBe(1);
    await cache.invalidate(it.source);
    await expect(cache.get(it.source)).rejects.toThrow();
    expect(it.loads).toBe(2);
  });
});

describe("invalidate", () => {
  it("makes the next caller load a new session", async () => {
    const { cache } = createCache();
    const it = createSource();
    await cache.get(it.source);
    await cache.invalidate(it.source);
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA2");
  });

  it("also applies to a load in progress: its callers get a session that was requested later", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    const finish: (() => void)[] = [];
    it.answers(() => new Promise((resolve) => finish.push(() => resolve(session(it.loads)))));
    const waiting = cache.get(it.source);
    await clock.settle();
    await cache.invalidate(it.source);
    const later = cache.get(it.source);
    finish[0]?.();
    await clock.settle();
    finish[1]?.();
    expect((await waiting).accessKeyId).toBe("ASIA2");
    expect(await later).toBe(await waiting);
    expect(it.mostAtOnce).toBe(1);
  });

  it("discards a background load that began before it", async () => {
    const { clock, cache } = createCache();
    const it = createSource();
    await cache.get(it.source);
    await cache.get(it.source);
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(2)))));
    await clock.advance(45 * MINUTE);
    await cache.invalidate(it.source);
    finish?.();
    await clock.settle();
    it.answers(async () => session(3));
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA3");
  });

  it("ends in an error if a source calls it again and again", async () => {
    const { cache } = createCache();
    const it = createSource();
    it.answers(async () => {
      void cache.invalidate(it.source);
      return session(it.loads);
    });
    await expect(cache.get(it.source)).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    expect(it.loads).toBe(10);
  });
});

describe("a session that a service rejects", () => {
  const held = async () => {
    const setUp = createCache({ refreshAhead: false });
    const it = createSource();
    const first = await setUp.cache.get(it.source);
    return { ...setUp, it, first };
  };

  it("is served to other callers until the new one is there", async () => {
    const { clock, cache, it, first } = await held();
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(2)))));
    const replaced = cache.replace(it.source, "ASIA1", false);
    await clock.settle();
    expect(await cache.get(it.source)).toBe(first);
    finish?.();
    expect(await replaced).toBe(true);
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA2");
  });

  it("is replaced once for all rejected calls", async () => {
    const { cache, it, diagnostics } = await held();
    const all = await Promise.all(Array.from({ length: 50 }, () => cache.replace(it.source, "ASIA1", false)));
    expect(new Set(all)).toEqual(new Set([true]));
    expect([it.loads, diagnostics.count("invalidated")]).toEqual([2, 1]);
  });

  it("is replaced at most once a minute while it is still valid", async () => {
    const { clock, cache, it } = await held();
    for (let second = 0; second < 120; second++) {
      const { accessKeyId } = await cache.get(it.source);
      await cache.replace(it.source, accessKeyId, false);
      await clock.advance(SECOND);
    }
    expect(it.loads - 1).toBe(2);
  });

  it("is replaced at most once a minute, even if the rejected call had stopped waiting for the new session", async () => {
    const { clock, cache, it } = await held();
    let arrive = (_loaded: IssuedSession) => {};
    it.answers(() => new Promise((resolve) => (arrive = resolve)));
    const late = expect(cache.replace(it.source, "ASIA1", false)).rejects.toMatchObject({ code: "TIMEOUT" });
    await clock.advance(MINUTE);
    await late;
    arrive(session(2));
    await clock.settle();
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA2");
    it.answers(async () => session(3));
    await clock.advance(MINUTE - SECOND);
    expect(await cache.replace(it.source, "ASIA2", false)).toBe(false);
    await clock.advance(SECOND);
    expect(await cache.replace(it.source, "ASIA2", false)).toBe(true);
  });

  it("is replaced at once if its refresh is due anyway", async () => {
    const { clock, cache, it } = await held();
    await cache.replace(it.source, "ASIA1", false);
    await clock.advance(MINUTE / 2);
    expect(await cache.replace(it.source, "ASIA2", false)).toBe(false);
    clock.stepWallClock(HOUR);
    expect(await cache.replace(it.source, "ASIA2", false)).toBe(true);
  });

  it("stays if the load fails: the rejected call gets the error, and can try again after a second", async () => {
    const { clock, cache, it, first } = await held();
    it.fails("STS_UNAVAILABLE");
    await expect(cache.replace(it.source, "ASIA1", false)).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(await cache.replace(it.source, "ASIA1", false)).toBe(false);
    expect(await cache.get(it.source)).toBe(first);
    it.answers(async () => session(3));
    await clock.advance(SECOND);
    expect(await cache.replace(it.source, "ASIA1", false)).toBe(true);
  });

  it("is not replaced again if it was replaced before", async () => {
    const { cache, it } = await held();
    await cache.replace(it.source, "ASIA1", false);
    expect(await cache.replace(it.source, "ASIA1", false)).toBe(true);
    expect(await cache.replace(createSource({ key: "never held" }).source, "ASIA1", false)).toBe(true);
    expect(it.loads).toBe(2);
  });

  it("for an ambiguous reason is replaced only if it is older than a minute, at most once a minute", async () => {
    const { clock, cache, it } = await held();
    await clock.advance(MINUTE);
    expect(await cache.replace(it.source, "ASIA1", true)).toBe(false);
    await clock.advance(1);
    expect(await cache.replace(it.source, "ASIA1", true)).toBe(true);
    expect(await cache.replace(it.source, "ASIA2", true)).toBe(false);
    expect(await cache.replace(it.source, "ASIA1", true)).toBe(true); // another session signs by then
  });
});

describe("the instance profile's rules", () => {
  it("reload after an hour; an unchanged set is not a failure, and is read again in 5 to 10 minutes", async () => {
    const { clock, cache, diagnostics } = createCache({ refreshAhead: false });
    const it = createSource({ rules: INSTANCE_PROFILE_RULES });
    it.answers(async () => session(1, 6 * HOUR));
    await cache.get(it.source);
    for (const minute of [59, 60, 64, 65, 69, 70]) {
      await clock.advance(minute * MINUTE - clock.monotonic());
      await cache.get(it.source);
      await clock.settle();
    }
    expect(it.loads).toBe(4); // at 0, 60, 65 and 70 min
    expect(diagnostics.count("refresh-failed")).toBe(0);
  });

  it("serve an expired set while the source fails, and read again after 5 to 10 minutes", async () => {
    const { clock, cache } = createCache({ refreshAhead: false });
    const it = createSource({ rules: INSTANCE_PROFILE_RULES });
    const first = await cache.get(it.source);
    it.fails("IMDS_UNREACHABLE");
    await clock.advance(2 * HOUR);
    expect(await cache.get(it.source)).toBe(first);
    expect(await cache.get(it.source)).toBe(first);
    expect(it.loads).toBe(2);
    await clock.advance(5 * MINUTE);
    it.answers(async () => session(2));
    expect((await cache.get(it.source)).accessKeyId).toBe("ASIA2");
  });
});

describe("maxSessions", () => {
  it("evicts the least recently used session, ends its timer and publishes an event", async () => {
    const { clock, cache, diagnostics } = createCache({ maxSessions: 2 });
    const sources = ["one", "two", "three"].map((key) => createSource({ key }));
    for (const { source } of sources) {
      await cache.get(source);
      await cache.get(source);
    }
    expect([cache.size, diagnostics.count("evicted")]).toEqual([2, 1]);
    await clock.advance(HOUR - MINUTE);
    expect(sources.map(({ loads }) => loads)).toEqual([1, 2, 2]);
    await cache.get((sources[0] as (typeof sources)[0]).source);
    expect((sources[0] as (typeof sources)[0]).loads).toBe(2);
  });
});

describe("close", () => {
  it("releases waiting callers, ends timers and rejects later calls", async () => {
    const { clock, cache } = createCache();
    await cache.get(createSource({ key: "held" }).source);
    const it = createSource();
    it.answers(() => new Promise(() => {}));
    const waiting = expect(cache.get(it.source)).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
    cache.close();
    await waiting;
    await expect(cache.get(it.source)).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
    await clock.settle();
    expect([clock.pendingTimers, cache.size]).toEqual([0, 0]);
  });
});

describe("an identity that turned into another one", () => {
  const identified = (number: number, identity: string) => ({ ...session(number), identity });

  function createChain(options: { maxSessions?: number } = {}) {
    const chain = {
      ...createCache(options),
      base: createSource({ key: "base", rules: INSTANCE_PROFILE_RULES }),
      hub: createSource({ key: "hub", parentKey: "base" }),
      role: createSource({ key: "role", parentKey: "hub" }),
      stranger: createSource({ key: "stranger", parentKey: "another base" }),
    };
    chain.base.answers(async () => identified(chain.base.loads, "role A"));
    return chain;
  }
  const becomesAnother = ({ base }: ReturnType<typeof createChain>) =>
    base.answers(async () => identified(base.loads, "role B"));

  it("takes all sessions along that were obtained with it, and no others", async () => {
    const chain = createChain();
    const { cache, base, hub, role, stranger } = chain;
    for (const { source } of [base, hub, role, stranger]) await cache.get(source);
    await cache.get(base.source, { forceRefresh: true });
    for (const { source } of [base, hub, role, stranger]) await cache.get(source);
    expect([hub.loads, role.loads, stranger.loads]).toEqual([1, 1, 1]);
    becomesAnother(chain);
    await cache.get(base.source, { forceRefresh: true });
    for (const { source } of [base, hub, role, stranger]) await cache.get(source);
    expect([hub.loads, role.loads, stranger.loads]).toEqual([2, 2, 1]);
  });

  it("also counts if the first one had expired by every clock", async () => {
    const chain = createChain();
    const { cache, base, hub } = chain;
    const { credentials } = session(0);
    base.answers(async () => ({
      kind: "past-expiry",
      credentials,
      error: failure("INSTANCE_PROFILE_INVALID"),
      identity: "role A",
    }));
    for (const { source } of [base, hub]) await cache.get(source);
    becomesAnother(chain);
    await cache.get(base.source, { forceRefresh: true });
    await cache.get(hub.source);
    expect(hub.loads).toBe(2);
  });

  it("also counts if its own session was evicted in the meantime", async () => {
    const chain = createChain({ maxSessions: 2 });
    const { cache, base, hub, role } = chain;
    for (const { source } of [base, hub, role]) await cache.get(source);
    becomesAnother(chain);
    await cache.get(hub.source);
    await cache.get(base.source);
    await cache.get(hub.source);
    expect([base.loads, hub.loads]).toEqual([2, 2]);
  });

  it("ends ten thousand sessions with few looks at each of them", async () => {
    const chain = createChain({ maxSessions: 20_000 });
    const { cache, base, hub } = chain;
    const roles = Array.from({ length: 10_000 }, (_, number) => createSource({ key: `${number}`, parentKey: "hub" }));
    for (const { source } of [base, hub, ...roles]) await cache.get(source);
    let looks = 0;
    for (const { source } of roles) {
      Object.defineProperty(source, "parentKey", { get: () => ++looks && "hub" });
    }
    becomesAnother(chain);
    await cache.get(base.source, { forceRefresh: true });
    expect(looks).toBeLessThan(10 * roles.length);
  });
});

it("nothing that lru-cache publishes or inspect prints contains a secret", async () => {
  const published: unknown[] = [];
  for (const name of LRU_CHANNELS) listen(name, (message) => published.push(message));
  const { cache } = createCache({ maxSessions: 1 });
  await cache.get(createSource().source);
  await cache.get(createSource({ key: "other" }).source);
  await cache.get(createSource({ key: "other" }).source);
  expect(published.length).toBeGreaterThan(0);
  const shown = inspect([published, cache], { depth: 20, showHidden: true }) + JSON.stringify([published, cache]);
  expect(shown).not.toContain("secret-");
});
