import type { Runtime } from "./runtime.js";

/** Settles as `promise` does, or rejects with `signal.reason` as soon as `signal` aborts. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Runs `task` under a time limit; past it, the task's signal aborts and the call rejects with `reason`. */
export async function withDeadline<T>(
  { runtime, ms, reason, signal }: { runtime: Runtime; ms: number; reason: () => Error; signal?: AbortSignal },
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
