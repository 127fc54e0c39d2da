import { setMaxListeners } from "node:events";
import type { Runtime } from "./runtime.js";

/** Without a prototype, because Node also reads inherited properties of a listener's options. */
export const ONCE: { readonly once: true } = Object.assign(Object.create(null), { once: true });

/** Runs `task` when `signal` aborts. `signal` must not be aborted yet. Returns a function that unregisters the task. */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  // Any number of callers may share one signal. Node warns of a leak at the eleventh listener.
  if (signal instanceof AbortSignal) setMaxListeners(0, signal);
  signal.addEventListener("abort", task, ONCE);
  return () => signal.removeEventListener("abort", task);
}

/** Settles like `promise`, or rejects with `signal.reason` as soon as `signal` aborts. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const stop = signal.aborted ? abort() : onAbort(signal, abort);
    promise.then(resolve, reject).finally(() => stop?.());
  });
}

/** Runs `task` with a time limit. On timeout, the task's signal aborts and the call rejects with `reason`. */
export async function withDeadline<T>(
  {
    runtime,
    ms,
    reason,
    signal,
  }: { runtime: Pick<Runtime, "schedule">; ms: number; reason: () => Error; signal?: AbortSignal },
  task: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = runtime.schedule(ms, () => controller.abort(reason()));
  const either = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
  try {
    return await raceAbort(
      (async () => task(either))(), // a mock may answer or throw without a promise
      either,
    );
  } finally {
    cancel();
  }
}
