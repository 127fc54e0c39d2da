import { withDeadline } from "../abort.js";
import type { Diagnostics, SessionEvent } from "../diagnostics.js";
import type { Runtime } from "../runtime.js";
import { safeCause } from "../sources/safe-cause.js";
import { type CredentialStore, LONGEST_RECORD, StoreError, type StoreLock } from "./credential-store.js";
import type { RecordFault } from "./sealed-record.js";

/** Milliseconds that one load waits for the store, in total. */
const DEADLINE = 250;
/** Waiting time is measured in steps of this many milliseconds. */
const STEP = 25;
/** Milliseconds to skip the store after a timeout, or after a failure with less than half of the budget left. */
const PAUSE = 5000;

/** State that the loads of one resolver share. */
export interface StoreAccess {
  readonly store: CredentialStore;
  readonly runtime: Runtime;
  readonly diagnostics: Diagnostics;
  /** On the monotonic clock. */
  pausedUntil: number;
}

/** The names of a session in the store. Writes use the first one; reads try each in turn. */
export type SessionNames = readonly [string, ...string[]];

type Operation = "get" | "set" | "delete" | "lock" | "release";

/**
 * The store operations of one load. They never reject, and together they wait at most {@link DEADLINE}, or until
 * {@link renew} starts a new budget. After the first failure, the load treats the store as empty, but it still releases its lock.
 */
export class StoreOperations {
  readonly #access: StoreAccess;
  readonly #labels: SessionEvent;
  readonly #budget: TimeBudget;
  #hasFailed = false;

  constructor(access: StoreAccess, labels: SessionEvent) {
    this.#access = access;
    this.#labels = labels;
    this.#budget = new TimeBudget(access.runtime);
  }

  /** Computes the session's names in the store within the time budget. Returns `undefined` if that fails. */
  locate(names: () => Promise<SessionNames>): Promise<SessionNames | undefined> {
    return this.#ask("get", names);
  }

  async get(name: string): Promise<string | undefined> {
    const record = (await this.#ask("get", (store) => settled(store.get(name))))?.value ?? undefined;
    if (record === undefined || (typeof record === "string" && record.length <= LONGEST_RECORD)) return record;
    this.reject("unreadable");
    return undefined;
  }

  async set(name: string, record: string, ttl: number): Promise<void> {
    await this.#ask("set", (store) => {
      if (record.length <= LONGEST_RECORD) return settled(store.set(name, record, ttl));
      throw new StoreError(`Cannot store a record of ${record.length} characters: the limit is ${LONGEST_RECORD}.`);
    });
  }

  async delete(name: string, record?: string): Promise<void> {
    await this.#ask("delete", (store) => settled(store.delete(name, record)));
  }

  /** The lock; `"taken"` if another process holds it; `undefined` if the store failed or has no locks. */
  async lock(name: string, ttl: number): Promise<StoreLock | "taken" | undefined> {
    let late = false;
    const lock = await this.#ask("lock", async (store) => {
      const { lock: method } = store;
      if (!method) return undefined;
      const answer = readLock((await settled(method.call(store, name, ttl))).value);
      // This load no longer waits for the lock, and other processes must not wait for it either.
      if (late && answer !== "taken") await settled(answer.release());
      return answer;
    });
    late = true;
    return lock;
  }

  /**
   * Releases the lock even after a failure, because other processes may be waiting. Waits only if there is time left.
   */
  async release(lock: StoreLock): Promise<void> {
    const released = this.#send("release", new TimeBudget(this.#access.runtime), () => settled(lock.release()));
    if (!this.#isPaused) await this.#budget.run(() => released).catch(() => {});
  }

  /** Resets the time budget. Time spent waiting for another process is not charged to the store. */
  renew(): void {
    this.#budget.left = DEADLINE;
  }

  /** Reports that a record was rejected. */
  reject(reason: RecordFault): void {
    this.#publish("get", reason);
  }

  async #ask<T>(operation: Operation, task: (store: CredentialStore) => Promise<T>): Promise<T | undefined> {
    if (this.#hasFailed || this.#isPaused) return undefined;
    return this.#send(operation, this.#budget, () => task(this.#access.store));
  }

  get #isPaused(): boolean {
    return this.#access.runtime.monotonic() < this.#access.pausedUntil;
  }

  async #send<T>(operation: Operation, budget: TimeBudget, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await budget.run(task);
    } catch (error) {
      this.#hasFailed = true;
      const isLate = error === OUT_OF_TIME;
      if (budget.left < DEADLINE / 2) this.#access.pausedUntil = this.#access.runtime.monotonic() + PAUSE;
      this.#publish(operation, isLate ? "timeout" : "failed", isLate ? undefined : safeCause(error));
      return undefined;
    }
  }

  #publish(operation: Operation, reason: "failed" | "timeout" | RecordFault, error?: Error): void {
    this.#access.diagnostics.publish("store-error", { ...this.#labels, operation, reason, error });
  }
}

/**
 * How much longer a load waits for its store. A step never counts for more than its planned length, so the store is not
 * charged for time during which this process was stalled.
 */
class TimeBudget {
  readonly #runtime: Runtime;
  /** Milliseconds. */
  left = DEADLINE;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Rejects with {@link OUT_OF_TIME} when no time is left. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.left <= 0) throw OUT_OF_TIME;
    return withDeadline({ runtime: this, ms: this.left, reason: () => OUT_OF_TIME }, task);
  }

  schedule(ms: number, task: () => void): () => void {
    let began = 0;
    let cancel = () => {};
    const wait = (rest: number) => {
      const step = Math.min(STEP, rest);
      began = this.#runtime.monotonic();
      cancel = this.#runtime.schedule(step, () => {
        this.left -= step;
        if (rest > step) wait(rest - step);
        else task();
      });
    };
    wait(ms);
    return () => {
      cancel();
      this.left -= Math.min(STEP, this.#runtime.monotonic() - began);
    };
  }
}

const OUT_OF_TIME = new Error("The store did not answer in time.");

/**
 * Unwraps one level of promise. The wrapper object keeps `await` from unwrapping further, because a thenable that
 * resolves to itself would loop forever.
 */
function settled(answer: unknown): Promise<{ readonly value: unknown }> {
  return new Promise((resolve, reject) => {
    const { then } = (answer ?? {}) as { then?: unknown };
    if (typeof then !== "function") resolve({ value: answer });
    else then.call(answer, (value: unknown) => resolve({ value }), reject);
  });
}

/**
 * A lock, or `"taken"` if another process holds it.
 * @throws StoreError for any other value
 */
function readLock(value: unknown): StoreLock | "taken" {
  if (value === undefined || value === null) return "taken";
  const release: unknown = typeof value === "object" ? (value as Partial<StoreLock>).release : undefined;
  if (typeof release === "function") return { release: () => release.call(value) };
  throw new StoreError(
    "The store's lock() returned neither a lock nor undefined. A lock is an object with a release() method.",
  );
}
