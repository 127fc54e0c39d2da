import { ONCE } from "../abort.js";
import { once } from "../once.js";
import type { Runtime } from "../runtime.js";
import { readOptions, shown } from "./read-options.js";

/** How {@link createManualClock} starts. */
export interface ManualClockOptions {
  /** The wall-clock time at the start, epoch milliseconds. Default 2026-01-01T00:00:00Z. */
  now?: number;
  /** What `random()` answers, in [0, 1). Default `() => 0.5`. */
  random?: () => number;
  /** Environment variables that the library sees instead of `process.env`. Default `{}`. */
  env?: Record<string, string | undefined>;
  /** The machine's name. Default `"localhost"`. */
  hostname?: string;
}

/**
 * A {@link Runtime} that stands still until a test moves it. It fits `createCredentialResolver({ runtime })`
 * and, since it has `now()`, `startLocalAws({ clock })`.
 *
 * Timers run on the monotonic clock, as Node's own do: a step of the wall clock fires none of them.
 */
export interface ManualClock extends Runtime {
  /**
   * Lets `ms` milliseconds pass on both clocks. Due tasks and sleeps fire in time order, each at its own time, and
   * those that they start within the span fire too. Before the first, after each and at the end, promise jobs and
   * loopback I/O that wait for no real time are let through (see {@link ManualClock.settle}).
   * Calls that overlap run one after the other. Rejects with what a scheduled task throws; the clock then stands at
   * that task's time.
   */
  advance(ms: number): Promise<void>;
  /** Moves `now()` alone by `ms`, which may be negative: an NTP step. No timer fires. */
  stepWallClock(ms: number): void;
  /** Lets `ms` milliseconds pass without firing a timer: a suspended process. What became due fires at the next `advance()`. */
  freeze(ms: number): void;
  /**
   * Lets promise jobs, loopback I/O and reads of the disk run until the event loop has been quiet for 20 turns, without
   * moving a clock. That carries an SDK call to a local AWS on this clock through. The modules that the library imports
   * for its first call are imported first.
   */
  settle(): Promise<void>;
  /** Replaces what `random()` answers. */
  setRandom(random: () => number): void;
  /** Tasks and sleeps that have neither fired nor been cancelled. A test for leaks expects 0. */
  readonly pendingTimers: number;
}

interface Timer {
  readonly due: number;
  readonly fire: () => void;
}

const DEFAULT_NOW = Date.UTC(2026, 0, 1);

/** Enough for an answer over loopback to be read by the server, sent back and acted on. */
const QUIET_TURNS_TO_SETTLE = 20;

/** Work outside the event loop that ends by itself, as Node names it. A read of the disk, a connection, a lookup of a name. */
const UNDER_WAY = /^(FSReq|CloseReq|ConnectWrap|TCPConnectWrap|GetAddrInfoReqWrap|WriteWrap|ShutdownWrap)/;

/**
 * Something that reads forever, such as a named pipe, must not hold up a test. Counted in turns of the event loop, some
 * 10 microseconds each: in real time, a busy machine would cut short what only waits for a processor.
 */
const MOST_TURNS_TO_SETTLE = 25_000;

/**
 * Creates a clock, a source of randomness and an environment that only the test changes.
 *
 * @example
 * ```ts
 * const clock = createManualClock();
 * const resolver = createCredentialResolver({ runtime: clock });
 * await clock.advance(55 * 60_000); // 55 minutes pass in a few milliseconds
 * ```
 */
export function createManualClock(given: ManualClockOptions = {}): ManualClock {
  const options = readOptions("createManualClock", given);
  let wall = options.now ?? DEFAULT_NOW;
  if (!Number.isFinite(wall)) throw new TypeError(`options.now must be a finite number, got ${shown(wall)}`);
  let monotonic = 0;
  let random = options.random ?? (() => 0.5);
  let advancing: Promise<void> = Promise.resolve();
  /** By due time; equal times in order of their start. */
  const timers: Timer[] = [];

  const pass = (ms: number) => {
    wall += ms;
    monotonic += ms;
  };

  const start = (ms: number, fire: () => void): (() => void) => {
    const timer: Timer = { due: monotonic + Math.max(0, ms), fire };
    timers.splice(insertionPoint(timers, timer.due), 0, timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index >= 0) timers.splice(index, 1);
    };
  };

  const run = async (ms: number) => {
    const end = monotonic + ms;
    await settle();
    for (let next = timers[0]; next !== undefined && next.due <= end; next = timers[0]) {
      timers.shift();
      pass(Math.max(0, next.due - monotonic));
      next.fire();
      await settle();
    }
    // A freeze() that came meanwhile may already have passed the end.
    pass(Math.max(0, end - monotonic));
    await settle();
  };

  return {
    now: () => wall,
    monotonic: () => monotonic,
    random: () => random(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const onAbort = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = start(ms, () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        });
        signal?.addEventListener("abort", onAbort, ONCE);
      }),
    schedule: start,
    env: options.env ?? {},
    hostname: () => options.hostname ?? "localhost",
    async advance(ms) {
      assertSpan("advance", ms);
      const turn = advancing.then(() => run(ms));
      advancing = turn.catch(() => undefined);
      await turn;
    },
    stepWallClock(ms) {
      if (!Number.isFinite(ms)) throw new RangeError(`stepWallClock(ms) takes a finite number, got ${ms}`);
      wall += ms;
    },
    freeze(ms) {
      assertSpan("freeze", ms);
      pass(ms);
    },
    settle,
    setRandom(next) {
      random = next;
    },
    get pendingTimers() {
      return timers.length;
    },
  };
}

/** What a resolver imports for its first call. Nothing shows that an import is under way, so it must not be. */
const importForFirstCall = once(async () => {
  const parts = [import("../sources/sts.js"), import("../sources/instance-profile.js")];
  await Promise.allSettled(parts); // the call that needs them reports a failure
});

async function settle(): Promise<void> {
  await importForFirstCall();
  for (let turn = 0, quiet = 0; quiet < QUIET_TURNS_TO_SETTLE && turn < MOST_TURNS_TO_SETTLE; turn++, quiet++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (process.getActiveResourcesInfo().some((resource) => UNDER_WAY.test(resource))) quiet = 0;
  }
}

function insertionPoint(timers: readonly Timer[], due: number): number {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timers[middle] as Timer).due <= due) low = middle + 1;
    else high = middle;
  }
  return low;
}

function assertSpan(method: string, ms: number): void {
  if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`${method}(ms) takes a number of at least 0, got ${ms}`);
}
