import { LONGEST_RECORD, StoreError, type StoreLock } from "./credential-store.js";

/** The result of a store method, wrapped in an object. */
export interface StoreAnswer {
  readonly value: unknown;
}

/**
 * Unwraps one level of promise. The wrapper object keeps `await` from unwrapping further, because a thenable that
 * resolves to itself would loop forever.
 */
export function settled(answer: unknown): Promise<StoreAnswer> {
  return new Promise((resolve, reject) => {
    const { then } = (answer ?? {}) as { then?: unknown };
    if (typeof then !== "function") resolve({ value: answer });
    else then.call(answer, (value: unknown) => resolve({ value }), reject);
  });
}

/** A record within the length limit, or no record; `"unreadable"` for any other value. */
export function readRecordText({ value }: StoreAnswer): { record: string | undefined } | "unreadable" {
  if (value === undefined || value === null) return { record: undefined };
  return typeof value === "string" && value.length <= LONGEST_RECORD ? { record: value } : "unreadable";
}

/**
 * A lock, or `"taken"` if another process holds it.
 * @throws StoreError for any other value
 */
export function readLock({ value }: StoreAnswer): StoreLock | "taken" {
  if (value === undefined || value === null) return "taken";
  const release: unknown = typeof value === "object" ? (value as Partial<StoreLock>).release : undefined;
  if (typeof release !== "function") {
    throw new StoreError(
      "lock() of the store returned neither a lock nor undefined. A lock is an object with a release() method.",
    );
  }
  return { release: () => release.call(value) };
}
