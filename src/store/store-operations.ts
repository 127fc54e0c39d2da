import { withDeadline } from "../abort.js";
import type { Diagnostics, SessionEvent } from "../diagnostics.js";
import type { Runtime } from "../runtime.js";
import { safeCause } from "../sources/safe-cause.js";
import { type CredentialStore, LONGEST_RECORD, StoreError, type StoreLock } from "./credential-store.js";
import type { RecordFault } from "./sealed-record.js";
import { readLock, readRecordText, settled } from "./store-answer.js";

/** Milliseconds that one load waits for the store, all operations together. */
export const STORE_DEADLINE = 250;
/** Milliseconds by which a wait is counted. */
const STEP = 25;
/** Milliseconds for which a store is left alone that was late, or that took more than half of its time to fail. */
const PAUSE = 5000;

export interface StoreAccessOptions {
  store: CredentialStore;
  runtime: Runtime;
  diagnostics: Diagnostics;
}

/** Where a session is in the store. The first is written; a reader tries all of them in turn. */
export type SessionNames = readonly [string, ...string[]];

type Operation = "get" | "set" | "delete" | "lock" | "release";

/** The store, as something that may fail or hang at any time. */
export class StoreAccess {
  readonly #options: StoreAccessOptions;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: StoreAccessOptions) {
    this.#options = options;
  }

  visit(labels: SessionEvent): StoreOperations {
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
 * One load's use of the store. No method rejects, and all of them together wait no longer than {@link STORE_DEADLINE};
 * after the first failure the store counts as empty for the rest of the load. Only a lock is given back all the same.
 */
export class StoreOperations {
  readonly #access: StoreAccess;
  readonly #labels: SessionEvent;
  readonly #options: StoreAccessOptions;
  readonly #budget: TimeBudget;
  #over = false;

  constructor(access: StoreAccess, labels: SessionEvent, options: StoreAccessOptions) {
    this.#access = access;
    this.#labels = labels;
    this.#options = options;
    this.#budget = new TimeBudget(options.runtime);
  }

  /** The names of the session in the store, in its own time. `undefined` if they cannot be told. */
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

  /** The lock, `"taken"` by somebody else, or `undefined` from a store that cannot lock now or ever. */
  async lock(name: string, ttl: number): Promise<StoreLock | "taken" | undefined> {
    let late = false;
    const lock = await this.#ask("lock", async (store) => {
      const { lock: method } = store;
      if (!method) return undefined;
      const answer = readLock(await settled(method.call(store, name, ttl)));
      // Nobody waits for it any more, and others would wait for whoever holds it.
      if (late && answer !== "taken") await settled(answer.release());
      return answer;
    });
    late = true;
    return lock;
  }

  /** Sent whatever happened before, since others may wait for it. This load waits only if it has time left. */
  async release(lock: StoreLock): Promise<void> {
    const released = this.#send("release", new TimeBudget(this.#options.runtime), () => settled(lock.release()));
    const waits = this.#budget.left > 0 && !this.#access.isPaused;
    if (waits) await withinBudget(this.#budget, () => released).catch(() => {});
  }

  /** The time that other processes need is not the store's. */
  renew(): void {
    this.#budget.left = STORE_DEADLINE;
  }

  /** What the store holds is not used. */
  reject(reason: RecordFault): void {
    this.#publish("get", reason);
  }

  async #ask<T>(operation: Operation, task: (store: CredentialStore) => Promise<T>): Promise<T | undefined> {
    if (this.#over || this.#budget.left <= 0 || this.#access.isPaused) return undefined;
    return this.#send(operation, this.#budget, () => task(this.#options.store));
  }

  async #send<T>(operation: Operation, budget: TimeBudget, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await withinBudget(budget, task);
    } catch (error) {
      this.#over = true;
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
 * How much longer a load waits for its store. A wait is counted in steps, each no longer than it should take: what a
 * process beyond that stands still, on a machine with too many of them, is not the store's fault.
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

/** A store may throw anything, also what cannot be read. */
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
