import { hostname } from "node:os";
import { ONCE } from "./abort.js";

/**
 * All access to clocks, timers, random numbers and environment variables. Tests replace it with `createManualClock()` of
 * `aws-rolecall/testing`.
 */
export interface Runtime {
  /** The wall clock, in epoch milliseconds. */
  now(): number;
  /** A clock that never goes backward, in milliseconds from an arbitrary origin. */
  monotonic(): number;
  /** A number in [0, 1). Spreads refreshes and waits; never used for secrets. */
  random(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `task` once after `ms` milliseconds without keeping the process alive. Returns a function that cancels it. */
  schedule(ms: number, task: () => void): () => void;
  /** The environment variables. */
  env: Record<string, string | undefined>;
  /** The machine's name, for the default role session name. */
  hostname(): string;
}

/**
 * Runs `task` at the monotonic time that `due` returns. If `due` returns a later time when the timer fires, the task waits
 * until then. The timer does not keep the process alive. Returns a function that cancels it.
 */
export function scheduleAt(
  runtime: Pick<Runtime, "monotonic" | "schedule">,
  due: () => number,
  task: () => void,
): () => void {
  const left = () => due() - runtime.monotonic();
  const look = () => {
    const ms = left();
    if (ms > 0) cancel = runtime.schedule(ms, look);
    else task();
  };
  let cancel = runtime.schedule(left(), look);
  return () => cancel();
}

/** The longest delay that Node's timers support. A longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Avoids `performance.now()`, because loading `perf_hooks` takes a new process more than a millisecond. */
function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic,
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(
        () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        Math.min(ms, MAX_TIMER_MS),
      );
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, ONCE);
    }),
  schedule: (ms, task) => {
    const timer = setTimeout(task, Math.min(ms, MAX_TIMER_MS)).unref();
    return () => clearTimeout(timer);
  },
  env: process.env,
  hostname,
};

/** The runtime of each resolver, for code that builds on a resolver. */
const RUNTIMES = new WeakMap<object, Runtime>();

export function rememberRuntime(resolver: object, runtime: Runtime): void {
  RUNTIMES.set(resolver, runtime);
}

/** Returns the machine's runtime for a resolver that is wrapped or that another library created. */
export function runtimeOf(resolver: object): Runtime {
  return RUNTIMES.get(resolver) ?? systemRuntime;
}
