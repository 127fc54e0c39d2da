import { withDeadline } from "../abort.js";
import type { Diagnostics, SessionEvent } from "../diagnostics.js";
import type { Runtime } from "../runtime.js";
import { safeCause } from "../sources/safe-cause.js";
import { type CredentialStore, LONGEST_RECORD, StoreError, type StoreLock } from "./credential-store.js";
import type { RecordFault } from "./sealed-record.js";
import { readLock, readRecordText, settled } from "./store-answer.js";

/** Milliseconds that one load waits for the store, in total. */
export const STORE_DEADLINE = 250;
/** Waiting time is measured in steps of this many milliseconds. */
const STEP = 25;
/**
 * Milliseconds for which the store is not used after it timed out or spent more than half of the budget on a failure.
 */
const PAUSE = 5000;

export interface StoreAccessOptions {
  store: CredentialStore;
  runtime: Runtime;
  diagnostics: Diagnostics;
}

/** The names of a session in the store. Writes use the first one; reads try each in turn. */
export type SessionNames = readonly [string, ...string[]];

type Operation = "get" | "set" | "delete" | "lock" | "release";

/** Access to a store that may fail or hang at any time. */
export class StoreAccess {
  readonly #options: StoreAccessOptions;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: StoreAccessOptions) {
    this.#options = options;
  }

  startOperations(labels: SessionEvent): StoreOperations {
    return new StoreOperations(this, labels, this.#options);
  }

  get isPaused(): boolean {
    return this.#options.runtime.monotonic() < this.#pausedUntil;
  }

  pause(): void {
    this.#pausedUntil = this.#options.runtime.monotonic() + PAUSE;
  }
}

/**
 * The store operations of one load. No method rejects, and all of them together wait at most {@link STORE_DEADLINE}.
 * After the first failure, the store counts as empty for the rest of the load, but a lock is still released.
 */
export class StoreOperations {
  readonly #access: StoreAccess;
  readonly #labels: SessionEvent;
  readonly #options: StoreAccessOptions;
  readonly #budget: TimeBudget;
  #hasFailed = false;

  constructor(access: StoreAccess, labels: SessionEvent, options: StoreAccessOptions) {
    this.#access = access;
    this.#labels = labels;
    this.#options = options;
    this.#budget = new TimeBudget(options.runtime);
  }

  /** The names of the session in the store, within the time budget; `undefined` if they could not be computed. */
  locate(names: () => Promise<SessionNames>): Promise<SessionNames | undefined> {
    return this.#ask("get", names);
  }

  async get(name: string): Promise<string | undefined> {
    const answer = await this.#ask("get", (store) => settled(store.get(name)));
    if (!answer) return undefined;
    const read = readRecordText(answer);
    if (read !== "unreadable") return read.record;
    this.reject(read);
    return undefined;
  }

  async set(name: string, record: string, ttl: number): Promise<void> {
    await this.#ask("set", (store) => {
      if (record.length > LONGEST_RECORD) throw tooLong(record);
      return settled(store.set(name, record, ttl));
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
      const answer = readLock(await settled(method.call(store, name, ttl)));
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
    const released = this.#send("release", new TimeBudget(this.#options.runtime), () => settled(lock.release()));
    const waits = this.#budget.left > 0 && !this.#access.isPaused;
    if (waits) await withinBudget(this.#budget, () => released).catch(() => {});
  }

  /** Resets the time budget. Time spent waiting for another process is not charged to the store. */
  renew(): void {
    this.#budget.left = STORE_DEADLINE;
  }

  /** Reports that a record was rejected. */
  reject(reason: RecordFault): void {
    this.#publish("get", reason);
  }

  async #ask<T>(operation: Operation, task: (store: CredentialStore) => Promise<T>): Promise<T | undefined> {
    if (this.#hasFailed || this.#budget.left <= 0 || this.#access.isPaused) return undefined;
    return this.#send(operation, this.#budget, () => task(this.#options.store));
  }

  async #send<T>(operation: Operation, budget: TimeBudget, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await withinBudget(budget, task);
    } catch (error) {
      this.#hasFailed = true;
      const isLate = error === OUT_OF_TIME;
      if (budget.left < STORE_DEADLINE / 2) this.#access.pause();
      this.#publish(operation, isLate ? "timeout" : "failed", isLate ? undefined : toStoreCause(error));
      return undefined;
    }
  }

  #publish(operation: Operation, reason: "failed" | "timeout" | RecordFault, error?: Error): void {
    this.#options.diagnostics.publish("store-error", { ...this.#labels, operation, reason, error });
  }
}

/**
 * How much longer a load waits for its store. Each step counts for at most its nominal length, so time during which
 * this process was stalled is not charged to the store.
 */
class TimeBudget {
  readonly #runtime: Runtime;
  /** Milliseconds. */
  left = STORE_DEADLINE;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
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

/** Rejects with {@link OUT_OF_TIME}. */
function withinBudget<T>(budget: TimeBudget, task: () => Promise<T>): Promise<T> {
  return withDeadline({ runtime: budget, ms: budget.left, reason: () => OUT_OF_TIME }, task);
}

const OUT_OF_TIME = new Error("The store did not answer in time.");

/** A store may throw any value, even one that throws when it is read. */
function toStoreCause(error: unknown): Error {
  try {
    return safeCause(error);
  } catch {
    return new StoreError("The store threw a value that cannot be read.");
  }
}

function tooLong(record: string): StoreError {
  return new StoreError(`Cannot store a record of ${record.length} characters: the limit is ${LONGEST_RECORD}.`);
}
