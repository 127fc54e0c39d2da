import { ONCE } from "../abort.js";
import { once } from "../once.js";
import type { Runtime } from "../runtime.js";
import { readOptions, shown } from "./read-options.js";

/** Options of {@link createManualClock}. */
export interface ManualClockOptions {
  /** The initial wall-clock time in epoch milliseconds. Default 2026-01-01T00:00:00Z. */
  now?: number;
  /** The implementation of `random()`, in [0, 1). Default `() => 0.5`. */
  random?: () => number;
  /** The environment variables that the library uses instead of `process.env`. Default `{}`. */
  env?: Record<string, string | undefined>;
  /** The host name. Default `"localhost"`. */
  hostname?: string;
}

/**
 * A {@link Runtime} whose time passes only when a test advances it. Use it for `createCredentialResolver({ runtime })`
 * and `startLocalAws({ clock })`.
 *
 * Like Node's timers, its timers follow the monotonic clock, so stepping the wall clock fires none.
 */
export interface ManualClock extends Runtime {
  /**
   * Advances both clocks by `ms` milliseconds. Fires due tasks and sleeps in order, each at its own time, including
   * those that are scheduled along the way. Calls {@link ManualClock.settle} at the start, after each one and at the
   * end. Overlapping calls run one after the other. If a scheduled task throws, rejects with its error and leaves the
   * clock at that time.
   */
  advance(ms: number): Promise<void>;
  /** Moves only `now()` by `ms`, which may be negative, like an NTP step. Fires no timers. */
  stepWallClock(ms: number): void;
  /** Advances both clocks without firing timers, like a suspended process. Due timers fire at the next `advance()`. */
  freeze(ms: number): void;
  /**
   * Lets promise jobs, loopback I/O and file reads run until the event loop has been idle for 20 turns, without
   * advancing the clock. This is enough for an SDK call to a local AWS on this clock to finish. First imports the
   * modules that the library needs for its first call.
   */
  settle(): Promise<void>;
  /** Replaces the implementation of `random()`. */
  setRandom(random: () => number): void;
  /** The number of tasks and sleeps that have neither fired nor been canceled. Expect 0 in a test for leaks. */
  readonly pendingTimers: number;
}

interface Timer {
  readonly due: number;
  readonly fire: () => void;
}

const DEFAULT_NOW = Date.UTC(2026, 0, 1);

/** Enough turns for a loopback request to be read, answered and processed. */
const QUIET_TURNS_TO_SETTLE = 20;

/** Node's names for I/O that completes by itself: file reads, connections, DNS lookups. */
const UNDER_WAY = /^(FSReq|CloseReq|ConnectWrap|TCPConnectWrap|GetAddrInfoReqWrap|WriteWrap|ShutdownWrap)/;

/**
 * Limits the wait for I/O that never ends, such as reading a named pipe. Counted in event loop turns of about 10
 * microseconds, because a limit in real time would be too short on a busy machine.
 */
const MOST_TURNS_TO_SETTLE = 25_000;

/**
 * Creates a clock, a source of randomness and an environment that the test controls.
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
  /** Sorted by due time, then by the order in which they were started. */
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
    // A freeze() during the run may already have passed the end.
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

/** Imports what a resolver needs for its first call, because `settle` cannot detect a pending import. */
const importForFirstCall = once(async () => {
  const parts = [import("../sources/sts.js"), import("../sources/instance-profile.js")];
  await Promise.allSettled(parts); // the call that needs them will report a failure
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
