import type { Runtime } from "./runtime.js";

interface Listening {
  readonly tasks: Set<() => void>;
  stop(): void;
}

/** Without a prototype: Node reads from a listener's options what they inherit, too. */
export const ONCE: { readonly once: true } = Object.assign(Object.create(null), { once: true });

const listening = new WeakMap<AbortSignal, Listening>();

/**
 * Runs `task` when `signal` aborts, which it has not done yet. Returns a function that takes the task back.
 * All tasks of a signal share one listener: Node warns of a leak from the eleventh on.
 */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  const { tasks, stop } = listening.get(signal) ?? listenTo(signal);
  const own = () => task();
  tasks.add(own);
  return () => {
    if (tasks.delete(own) && tasks.size === 0) stop();
  };
}

function listenTo(signal: AbortSignal): Listening {
  const tasks = new Set<() => void>();
  const run = () => {
    listening.delete(signal);
    for (const task of [...tasks]) task();
  };
  const stop = () => {
    signal.removeEventListener("abort", run);
    if (listening.get(signal)?.tasks === tasks) listening.delete(signal);
  };
  signal.addEventListener("abort", run, ONCE);
  const started = { tasks, stop };
  listening.set(signal, started);
  return started;
}

/** Settles as `promise` does, or rejects with `signal.reason` as soon as `signal` aborts. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const stop = signal.aborted ? abort() : onAbort(signal, abort);
    promise.then(resolve, reject).finally(() => stop?.());
  });
}

/** Runs `task` under a time limit; past it, the task's signal aborts and the call rejects with `reason`. */
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
