import { getEventListeners } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { Diagnostics } from "../../src/diagnostics.js";
import { closedError } from "../../src/session/credential-cache.js";
import { Flight, NO_DEMAND, type SessionDemand } from "../../src/session/flight.js";
import { INSTANCE_PROFILE_RULES } from "../../src/session/refresh-policy.js";
import { redacted } from "../../src/session/session-credentials.js";
import type { IssuedSession } from "../../src/session/session-loader.js";
import { SessionSlot } from "../../src/session/session-slot.js";
import { createManualClock } from "../../src/testing/index.js";
import { createSource, HOUR, loader, MINUTE, SECOND, type SourceSettings, session } from "./support.js";

/** A slot without a cache around it, and the source that it asks. */
function createSlot({ refreshAhead = true, ...settings }: SourceSettings & { refreshAhead?: boolean } = {}) {
  const clock = createManualClock({ random: () => 0 });
  const diagnostics = new Diagnostics();
  const it = createSource(settings);
  const seenByHost: string[] = [];
  const slot = new SessionSlot(it.source, {
    runtime: clock,
    diagnostics,
    loader,
    refreshAhead,
    pin: () => seenByHost.push("pin"),
    unpin: () => seenByHost.push("unpin"),
    noteIdentity: (_, identity) => seenByHost.push(identity),
  });
  const get = (demand: Partial<SessionDemand> = {}) => slot.get({ ...NO_DEMAND, ...demand });
  return { clock, diagnostics, it, slot, get, seenByHost };
}

describe("one load", () => {
  it("is shared by all concurrent callers", async () => {
    const { diagnostics, it, get } = createSlot();
    const all = await Promise.all(Array.from({ length: 100 }, () => get()));
    expect(new Set(all).size).toBe(1);
    expect(it.loads).toBe(1);
    expect([diagnostics.count("miss"), diagnostics.count("joined")]).toEqual([1, 99]);
  });
});

describe("refresh", () => {
  it("runs in the background from the advisory point on, while the caller gets the session at once", async () => {
    const { clock, it, get } = createSlot({ refreshAhead: false });
    const first = await get();
    await clock.advance(45 * MINUTE - 1);
    expect(await get()).toBe(first);
    expect(it.loads).toBe(1);
    await clock.advance(1);
    expect(await get()).toBe(first);
    await clock.settle();
    expect(it.loads).toBe(2);
    expect((await get()).accessKeyId).toBe("ASIA2");
  });

  it("does not depend on its timer: after a freeze, the caller waits for a new session", async () => {
    const { clock, get } = createSlot();
    await get();
    clock.freeze(3 * HOUR);
    expect((await get()).accessKeyId).toBe("ASIA2");
  });

  it.each([
    ["forward", 24 * HOUR],
    ["back", -24 * HOUR],
  ])("does not serve a session beyond its lifetime if the wall clock steps %s a day", async (_, step) => {
    const { clock, get } = createSlot();
    const first = await get();
    clock.stepWallClock(step);
    expect(await get()).toBe(first);
    await clock.advance(HOUR);
    expect((await get()).accessKeyId).not.toBe(first.accessKeyId);
  });

  it("backs off after failures while the session is served, and never shows the error", async () => {
    const { clock, diagnostics, it, get } = createSlot({ refreshAhead: false });
    clock.setRandom(() => 0.999);
    const first = await get();
    it.fails("STS_UNAVAILABLE");
    await clock.advance(53 * MINUTE);
    for (let second = 0; second < 60; second++) {
      expect(await get()).toBe(first);
      await clock.advance(SECOND);
    }
    // attempts at 0, 1, 3, 7, 15 and 31 s: a minute with a command every second
    expect(it.loads - 1).toBe(6);
    expect(diagnostics.count("refresh-failed")).toBe(6);
  });

  it("is retried by the timer after a failure, so that an infrequent command does not find an expired session", async () => {
    const { clock, it, get } = createSlot();
    await get();
    await clock.advance(20 * MINUTE);
    await get();
    it.fails("STS_UNAVAILABLE");
    await clock.advance(30 * MINUTE);
    it.answers(async () => session(99));
    await clock.advance(2 * MINUTE);
    expect((await get()).accessKeyId).toBe("ASIA99");
  });

  it("fails with the load's own error after expiry, and succeeds for the first caller after recovery", async () => {
    const { clock, it, get } = createSlot();
    await get();
    it.fails("STS_UNAVAILABLE");
    await clock.advance(HOUR - 10 * SECOND);
    await expect(get()).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    it.answers(async () => session(7));
    expect((await get()).accessKeyId).toBe("ASIA7");
  });

  it("passes the held session and the time of the last success to the source", async () => {
    const { clock, it, get } = createSlot({ refreshAhead: false });
    await get();
    const issuedAt = clock.now();
    let seen: Flight | undefined;
    it.answers(async (flight) => {
      seen = flight;
      return session(2);
    });
    await clock.advance(HOUR);
    await get();
    expect(seen).toMatchObject({ held: { accessKeyId: "ASIA1" }, lastSuccess: issuedAt, urgent: true });
  });
});

describe("a caller's options", () => {
  it("minRemaining loads a new session if the cached one has less time left", async () => {
    const { clock, get } = createSlot({ refreshAhead: false });
    await get();
    await clock.advance(20 * MINUTE);
    expect((await get({ minRemaining: 40 * MINUTE })).accessKeyId).toBe("ASIA1");
    expect((await get({ minRemaining: 40 * MINUTE + 1 })).accessKeyId).toBe("ASIA2");
  });

  it("minRemaining that the newest session does not reach is an error, without a load for each caller", async () => {
    const { clock, it, get } = createSlot({ refreshAhead: false });
    const unreachable = { code: "INVALID_REQUEST", field: "options.minRemaining" };
    const wish = { minRemaining: 2 * HOUR };
    await expect(get(wish)).rejects.toMatchObject(unreachable);
    await expect(get(wish)).rejects.toMatchObject(unreachable);
    expect(it.loads).toBe(1);
    expect((await get()).accessKeyId).toBe("ASIA1");
    it.answers(async () => session(2, 3 * HOUR));
    await clock.advance(HOUR);
    expect((await get(wish)).accessKeyId).toBe("ASIA2");
  });

  it("minRemaining loads a new session if a shared session is too short only because of its age", async () => {
    const { it, get } = createSlot({ refreshAhead: false });
    it.answers(async () => ({ ...session(1), kind: "shared", age: 46 * MINUTE, advisoryPoint: 50 * MINUTE }));
    await get();
    it.answers(async () => session(2));
    expect((await get({ minRemaining: 15 * MINUTE })).accessKeyId).toBe("ASIA2");
  });

  it("minRemaining beyond the source's set loads it once, until the source returns a different set", async () => {
    const { clock, it, get } = createSlot({ refreshAhead: false, rules: INSTANCE_PROFILE_RULES });
    const expiration = new Date(clock.now() + 6 * HOUR);
    const set = (): IssuedSession => ({
      kind: "issued",
      life: expiration.getTime() - clock.now(),
      credentials: redacted({ accessKeyId: "ASIA1", secretAccessKey: "secret-1", expiration }),
    });
    it.answers(async () => set());
    await get();
    await clock.advance(50 * MINUTE);
    const wish = { minRemaining: 5.5 * HOUR };
    for (let times = 0; times < 3; times++) {
      await expect(get(wish)).rejects.toMatchObject({ field: "options.minRemaining" });
    }
    expect(it.loads).toBe(2);
  });

  it("forceRefresh loads from the source, while other callers are served from memory", async () => {
    const { get } = createSlot();
    const first = await get();
    const forced = get({ forceRefresh: true });
    expect(await get()).toBe(first);
    expect((await forced).accessKeyId).toBe("ASIA2");
  });

  it("a signal releases only its own caller, at once, and leaves no listener or timer", async () => {
    const { clock, it, get } = createSlot();
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(1, Number.POSITIVE_INFINITY)))));
    const controller = new AbortController();
    const aborted = expect(get({ signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
      step: "assume-role",
      cause: "enough",
    });
    const waiting = get();
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
    const { clock, it, get } = createSlot();
    it.answers(() => new Promise(() => {}));
    const controller = new AbortController();
    const { signal } = controller;
    const waiters = Array.from({ length: 1000 }, () => get({ signal }).catch(({ code }) => code));
    await clock.settle();
    controller.abort();
    expect(new Set(await Promise.all(waiters))).toEqual(new Set(["ABORTED"]));
    expect([it.loads, getEventListeners(signal, "abort").length, warnings]).toEqual([1, 0, []]);
  });

  it("a signal that is already aborted starts no load", async () => {
    const { it, get } = createSlot();
    await expect(get({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(it.loads).toBe(0);
  });
});

describe("a caller without a signal", () => {
  /** A slot whose load waits in a queue for ever, and how callers of it end. */
  function createQueuedSlot() {
    const { clock, it, get } = createSlot();
    const queue = { progressedAt: Number.NEGATIVE_INFINITY };
    let leaveQueue: (() => void) | undefined;
    it.answers((flight) => {
      leaveQueue = flight.follow(queue);
      return new Promise(() => {});
    });
    const ask = () => {
      const caller: { ended?: { code: string; at: number } } = {};
      get().catch(({ code }) => {
        caller.ended = { code, at: clock.monotonic() };
      });
      return caller;
    };
    const answer = () => {
      queue.progressedAt = clock.monotonic();
    };
    return { clock, ask, answer, leaveQueue: () => leaveQueue?.() };
  }

  it("waits at most 60 s for a load that hangs", async () => {
    const { clock, it, get } = createSlot();
    it.answers(() => new Promise(() => {}));
    const outcome = expect(get()).rejects.toMatchObject({
      code: "TIMEOUT",
      retryable: true,
      message: expect.stringContaining("No credentials, and no progress for 60 seconds."),
    });
    await clock.advance(MINUTE);
    await outcome;
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits at most 60 s for a load in a queue that stands still", async () => {
    const { clock, ask } = createQueuedSlot();
    const caller = ask();
    await clock.advance(MINUTE - 1);
    expect(caller.ended).toBeUndefined();
    await clock.advance(1);
    expect(caller.ended).toEqual({ code: "TIMEOUT", at: MINUTE });
    expect(clock.pendingTimers).toBe(0);
  });

  it("waits on while the queue moves, and for 60 s after it has stopped", async () => {
    const { clock, ask, answer } = createQueuedSlot();
    const caller = ask();
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(MINUTE - 1);
      answer();
    }
    const lastAnswer = clock.monotonic();
    await clock.advance(HOUR);
    expect(caller.ended).toEqual({ code: "TIMEOUT", at: lastAnswer + MINUTE });
    expect(clock.pendingTimers).toBe(0);
  });

  it("who comes late waits for 60 s, too", async () => {
    const { clock, ask, answer } = createQueuedSlot();
    const first = ask();
    await clock.advance(10 * SECOND);
    answer();
    await clock.advance(30 * SECOND);
    const second = ask();
    await clock.advance(HOUR);
    expect([first.ended?.at, second.ended?.at]).toEqual([70 * SECOND, 100 * SECOND]);
  });

  it("is not kept waiting by a queue that the load has left", async () => {
    const { clock, ask, answer, leaveQueue } = createQueuedSlot();
    const caller = ask();
    await clock.advance(30 * SECOND);
    answer();
    leaveQueue();
    await clock.advance(30 * SECOND);
    answer();
    await clock.advance(HOUR);
    expect(caller.ended).toEqual({ code: "TIMEOUT", at: 90 * SECOND });
  });

  it("leaves no timer behind when the load ends", async () => {
    const { clock, it, get } = createSlot({ refreshAhead: false });
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(1)))));
    const callers = Promise.all([get(), get()]);
    await clock.settle();
    expect(clock.pendingTimers).toBe(2);
    finish?.();
    await callers;
    expect(clock.pendingTimers).toBe(0);
  });
});

it("a load that needs another session makes progress with that session's load, as long as it waits for it", async () => {
  const { clock, it, get } = createSlot({ refreshAhead: false });
  const queue = { progressedAt: 5 };
  let finish: (() => void) | undefined;
  it.answers((flight) => {
    flight.follow(queue);
    return new Promise((resolve) => (finish = () => resolve(session(1))));
  });
  const waitingLoad = new Flight();
  const needed = get({ waitingLoad, signal: waitingLoad.signal });
  await clock.settle();
  expect(waitingLoad.progressedAt).toBe(5);
  finish?.();
  await needed;
  queue.progressedAt = 7;
  expect(waitingLoad.progressedAt).toBe(5);
});

describe("a denial", () => {
  it("is remembered for 1 s, growing to 60 s, and cleared by a success", async () => {
    const { clock, diagnostics, it, get } = createSlot();
    it.fails("ASSUME_ROLE_DENIED");
    const tries: number[] = [];
    for (let second = 0; second < 130; second++) {
      const before = it.loads;
      await expect(get()).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
      if (it.loads > before) tries.push(second);
      await clock.advance(SECOND);
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123]);
    expect(diagnostics.count("denied")).toBe(130);
    it.answers(async () => session(1));
    await clock.advance(MINUTE);
    await get();
  });

  it("does not end a valid session", async () => {
    const { clock, it, get } = createSlot();
    const first = await get();
    await clock.advance(20 * MINUTE);
    await get();
    it.fails("ASSUME_ROLE_DENIED");
    await clock.advance(40 * MINUTE - 11 * SECOND);
    expect(await get()).toBe(first);
    expect(it.loads).toBeGreaterThan(5);
    await clock.advance(SECOND);
    await expect(get()).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
  });

  it("is forgotten after invalidate(), so the next attempt is made at once", async () => {
    const { it, get, slot } = createSlot();
    it.fails("ASSUME_ROLE_DENIED");
    await expect(get()).rejects.toThrow();
    await expect(get()).rejects.toThrow();
    expect(it.loads).toBe(1);
    await slot.invalidate();
    await expect(get()).rejects.toThrow();
    expect(it.loads).toBe(2);
  });
});

describe("invalidate", () => {
  it("makes the next caller load a new session", async () => {
    const { get, slot } = createSlot();
    await get();
    await slot.invalidate();
    expect((await get()).accessKeyId).toBe("ASIA2");
  });

  it("also applies to a load in progress: its callers get a session that was requested later", async () => {
    const { clock, it, get, slot } = createSlot();
    const finish: (() => void)[] = [];
    it.answers(() => new Promise((resolve) => finish.push(() => resolve(session(it.loads)))));
    const waiting = get();
    await clock.settle();
    await slot.invalidate();
    const later = get();
    finish[0]?.();
    await clock.settle();
    finish[1]?.();
    expect((await waiting).accessKeyId).toBe("ASIA2");
    expect(await later).toBe(await waiting);
    expect(it.mostAtOnce).toBe(1);
  });

  it("discards a background load that began before it", async () => {
    const { clock, it, get, slot } = createSlot();
    await get();
    await clock.advance(20 * MINUTE);
    await get();
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(2)))));
    await clock.advance(25 * MINUTE);
    await slot.invalidate();
    finish?.();
    await clock.settle();
    it.answers(async () => session(3));
    expect((await get()).accessKeyId).toBe("ASIA3");
  });

  it("ends in an error if a source calls it again and again", async () => {
    const { it, get, slot } = createSlot();
    it.answers(async () => {
      void slot.invalidate();
      return session(it.loads);
    });
    await expect(get()).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    expect(it.loads).toBe(10);
  });
});

describe("a session that a service rejects", () => {
  const held = async () => {
    const setUp = createSlot({ refreshAhead: false });
    return { ...setUp, first: await setUp.get() };
  };

  it("is served to other callers until the new one is there", async () => {
    const { clock, slot, get, it, first } = await held();
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(2)))));
    const replaced = slot.replace("ASIA1", false);
    await clock.settle();
    expect(await get()).toBe(first);
    finish?.();
    expect(await replaced).toBe(true);
    expect((await get()).accessKeyId).toBe("ASIA2");
  });

  it("is replaced once for all rejected calls", async () => {
    const { slot, it, diagnostics } = await held();
    const all = await Promise.all(Array.from({ length: 50 }, () => slot.replace("ASIA1", false)));
    expect(new Set(all)).toEqual(new Set([true]));
    expect([it.loads, diagnostics.count("invalidated")]).toEqual([2, 1]);
  });

  it("is replaced at most once a minute while it is still valid", async () => {
    const { clock, slot, get, it } = await held();
    for (let second = 0; second < 120; second++) {
      const { accessKeyId } = await get();
      await slot.replace(accessKeyId, false);
      await clock.advance(SECOND);
    }
    expect(it.loads - 1).toBe(2);
  });

  it("is replaced at most once a minute, even if the rejected call had stopped waiting for the new session", async () => {
    const { clock, slot, get, it } = await held();
    let arrive = (_loaded: IssuedSession) => {};
    it.answers(() => new Promise((resolve) => (arrive = resolve)));
    const late = expect(slot.replace("ASIA1", false)).rejects.toMatchObject({ code: "TIMEOUT" });
    await clock.advance(MINUTE);
    await late;
    arrive(session(2));
    await clock.settle();
    expect((await get()).accessKeyId).toBe("ASIA2");
    it.answers(async () => session(3));
    await clock.advance(MINUTE - SECOND);
    expect(await slot.replace("ASIA2", false)).toBe(false);
    await clock.advance(SECOND);
    expect(await slot.replace("ASIA2", false)).toBe(true);
  });

  it("is replaced at once if its refresh is due anyway", async () => {
    const { clock, slot } = await held();
    await slot.replace("ASIA1", false);
    await clock.advance(MINUTE / 2);
    expect(await slot.replace("ASIA2", false)).toBe(false);
    clock.stepWallClock(HOUR);
    expect(await slot.replace("ASIA2", false)).toBe(true);
  });

  it("stays if the load fails: the rejected call gets the error, and can try again after a second", async () => {
    const { clock, slot, get, it, first } = await held();
    it.fails("STS_UNAVAILABLE");
    await expect(slot.replace("ASIA1", false)).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(await slot.replace("ASIA1", false)).toBe(false);
    expect(await get()).toBe(first);
    it.answers(async () => session(3));
    await clock.advance(SECOND);
    expect(await slot.replace("ASIA1", false)).toBe(true);
  });

  it("is not replaced again if it was replaced before", async () => {
    const { slot, it } = await held();
    await slot.replace("ASIA1", false);
    expect(await slot.replace("ASIA1", false)).toBe(true);
    expect(await createSlot().slot.replace("ASIA1", false)).toBe(true);
    expect(it.loads).toBe(2);
  });

  it("for an ambiguous reason is replaced only if it is older than a minute, at most once a minute", async () => {
    const { clock, slot } = await held();
    await clock.advance(MINUTE);
    expect(await slot.replace("ASIA1", true)).toBe(false);
    await clock.advance(1);
    expect(await slot.replace("ASIA1", true)).toBe(true);
    expect(await slot.replace("ASIA2", true)).toBe(false);
    expect(await slot.replace("ASIA1", true)).toBe(true); // another session signs by then
  });
});

describe("the instance profile's rules", () => {
  it("reload after an hour; an unchanged set is not a failure, and is read again in 5 to 10 minutes", async () => {
    const { clock, diagnostics, it, get } = createSlot({ refreshAhead: false, rules: INSTANCE_PROFILE_RULES });
    it.answers(async () => session(1, 6 * HOUR));
    await get();
    for (const minute of [59, 60, 64, 65, 69, 70]) {
      await clock.advance(minute * MINUTE - clock.monotonic());
      await get();
      await clock.settle();
    }
    expect(it.loads).toBe(4); // at 0, 60, 65 and 70 min
    expect(diagnostics.count("refresh-failed")).toBe(0);
  });

  it("serve an expired set while the source fails, and read again after 5 to 10 minutes", async () => {
    const { clock, it, get } = createSlot({ refreshAhead: false, rules: INSTANCE_PROFILE_RULES });
    const first = await get();
    it.fails("IMDS_UNREACHABLE");
    await clock.advance(2 * HOUR);
    expect(await get()).toBe(first);
    expect(await get()).toBe(first);
    expect(it.loads).toBe(2);
    await clock.advance(5 * MINUTE);
    it.answers(async () => session(2));
    expect((await get()).accessKeyId).toBe("ASIA2");
  });
});

describe("a slot and its cache", () => {
  it("stays in the cache during a load, and passes on who the credentials turned out to be", async () => {
    const { it, get, seenByHost } = createSlot();
    it.answers(async () => ({ ...session(1), identity: "role A" }));
    await get();
    await get();
    expect(seenByHost).toEqual(["pin", "role A", "unpin"]);
  });

  it("leaves its place after a load that fails", async () => {
    const { it, get, seenByHost } = createSlot();
    it.fails("STS_UNAVAILABLE");
    await expect(get()).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(seenByHost).toEqual(["pin", "unpin"]);
  });

  it("asks the source of the newest request, from the next load on", async () => {
    const { slot, get } = createSlot();
    const first = await get();
    const newer = createSource();
    newer.answers(async () => session(9));
    slot.adopt(newer.source);
    expect(await get()).toBe(first);
    expect((await get({ forceRefresh: true })).accessKeyId).toBe("ASIA9");
  });

  it("forgets a refusal if it is told to, so the next attempt is made at once", async () => {
    const { it, slot, get } = createSlot();
    it.fails("ASSUME_ROLE_DENIED");
    await expect(get()).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    slot.forgetRefusal();
    it.answers(async () => session(1));
    expect((await get()).accessKeyId).toBe("ASIA1");
  });

  it("ends its timer when it is retired, and its load when it is aborted", async () => {
    const { clock, it, slot, get } = createSlot();
    await get();
    slot.retire();
    expect(clock.pendingTimers).toBe(0);
    it.answers(() => new Promise(() => {}));
    const waiting = expect(get({ forceRefresh: true })).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
    slot.abort(closedError());
    await waiting;
  });

  it("knows how long it has held its session", async () => {
    const { clock, slot, get } = createSlot();
    expect(slot.isOlderThan(0)).toBe(false);
    await get();
    await clock.advance(MINUTE);
    expect([slot.isOlderThan(MINUTE - 1), slot.isOlderThan(MINUTE)]).toEqual([true, false]);
  });
});
