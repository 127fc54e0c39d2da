import { LONGEST_RECORD, StoreError, type StoreLock } from "./credential-store.js";

/** What a store's method answered, in a box. */
export interface StoreAnswer {
  readonly value: unknown;
}

/**
 * Waits for an answer once. The box keeps `await` from the value: a promise-like that resolves to itself would keep the
 * process busy for ever.
 */
export function settled(answer: unknown): Promise<StoreAnswer> {
  return new Promise((resolve, reject) => {
    const { then } = (answer ?? {}) as { then?: unknown };
    if (typeof then !== "function") resolve({ value: answer });
    else then.call(answer, (value: unknown) => resolve({ value }), reject);
  });
}

/** Nothing, or a record within its bound; `"unreadable"` for any other value. */
export function readRecordText({ value }: StoreAnswer): { record: string | undefined } | "unreadable" {
  if (value === undefined || value === null) return { record: undefined };
  return typeof value === "string" && value.length <= LONGEST_RECORD ? { record: value } : "unreadable";
}

/**
 * A lock, or `"taken"` if somebody else holds it.
 * @throws StoreError for any other value
 */
export function readLock({ value }: StoreAnswer): StoreLock | "taken" {
  if (value === undefined || value === null) return "taken";
  const release: unknown = typeof value === "object" ? (value as Partial<StoreLock>).release : undefined;
  if (typeof release !== "function") {
    throw new StoreError(
      "lock() of the store answered neither a lock nor undefined. A lock is an object with release().",
    );
  }
  return { release: () => release.call(value) };
}
