import { hostname } from "node:os";
import { ONCE } from "./abort.js";

/**
 * The library's only way to time, chance and environment. Tests pass another one
 * (`createManualClock()` in `aws-rolecall/testing`) and move it.
 */
export interface Runtime {
  /** Wall-clock time, epoch milliseconds. */
  now(): number;
  /** A clock that never steps back, milliseconds from an arbitrary origin. */
  monotonic(): number;
  /** A number in [0, 1). Spreads refreshes and waits; never used for secrets. */
  random(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `task` once after `ms` milliseconds without keeping the process alive. Returns a function that cancels it. */
  schedule(ms: number, task: () => void): () => void;
  /** Environment variables: the region, and those that announce or contain credentials. */
  env: Record<string, string | undefined>;
  /** The machine's name, for the default role session name. */
  hostname(): string;
}

/**
 * Runs `task` at the monotonic time that `due` returns, which may become a later one meanwhile. Does not keep the process
 * alive. Returns a function that cancels it.
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

/** The longest delay that Node's timers take; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Not `performance.now()`: Node would load `perf_hooks` for it, which takes a new process more than a millisecond. */
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

/** The clock of each resolver, for what runs on top of one. */
const RUNTIMES = new WeakMap<object, Runtime>();

export function rememberRuntime(resolver: object, runtime: Runtime): void {
  RUNTIMES.set(resolver, runtime);
}

/** The machine's for a resolver that is wrapped, or that this library did not make. */
export function runtimeOf(resolver: object): Runtime {
  return RUNTIMES.get(resolver) ?? systemRuntime;
}
