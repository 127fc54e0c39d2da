import { withDeadline } from "../abort.js";
import type { Diagnostics, SessionEvent } from "../diagnostics.js";
import type { Runtime } from "../runtime.js";
import { safeCause } from "../sources/safe-cause.js";
import type { CredentialStore, StoreLock } from "./credential-store.js";
import type { RecordFault } from "./sealed-record.js";

/** Milliseconds that one load waits for the store, all operations together. */
export const STORE_DEADLINE = 250;
/** Milliseconds by which a wait is counted. */
const STEP = 25;
/** Milliseconds for which a store is left alone that was late, or that took more than half of its time to fail. */
const HOLD_OFF = 5000;

export interface StoreAccessOptions {
  store: CredentialStore;
  runtime: Runtime;
  diagnostics: Diagnostics;
}

type Operation = "get" | "set" | "delete" | "lock" | "release";

/** The store, as something that may fail or hang at any time. */
export class StoreAccess {
  readonly #options: StoreAccessOptions;
  #heldOffUntil = Number.NEGATIVE_INFINITY;

  constructor(options: StoreAccessOptions) {
    this.#options = options;
  }

  visit(storeKey: string, labels: SessionEvent): StoreVisit {
    return new StoreVisit(this, storeKey, labels, this.#options);
  }

  get isHeldOff(): boolean {
    return this.#options.runtime.monotonic() < this.#heldOffUntil;
  }

  holdOff(): void {
    this.#heldOffUntil = this.#options.runtime.monotonic() + HOLD_OFF;
  }
}

/**
 * One load's use of the store. No method rejects, and all of them together wait no longer than {@link STORE_DEADLINE};
 * after the first failure the store counts as empty for the rest of the load. Only a lock is given back all the same.
 */
export class StoreVisit {
  readonly #access: StoreAccess;
  readonly #storeKey: string;
  readonly #labels: SessionEvent;
  readonly #options: StoreAccessOptions;
  readonly #patience: Patience;
  #over = false;

  constructor(access: StoreAccess, storeKey: string, labels: SessionEvent, options: StoreAccessOptions) {
    this.#access = access;
    this.#storeKey = storeKey;
    this.#labels = labels;
    this.#options = options;
    this.#patience = new Patience(options.runtime);
  }

  async get(): Promise<string | undefined> {
    const record: unknown = await this.#ask("get", (store) => store.get(this.#storeKey));
    if (record === undefined || record === null) return undefined;
    if (typeof record === "string") return record;
    this.reject("unreadable");
    return undefined;
  }

  async set(record: string, ttl: number): Promise<void> {
    await this.#ask("set", (store) => store.set(this.#storeKey, record, ttl));
  }

  async delete(record?: string): Promise<void> {
    await this.#ask("delete", (store) => store.delete(this.#storeKey, record));
  }

  /** The lock, `"taken"` by somebody else, or `undefined` from a store that cannot lock now or ever. */
  async lock(ttl: number): Promise<StoreLock | "taken" | undefined> {
    let late = false;
    const lock = await this.#ask("lock", async (store) => {
      if (!store.lock) return undefined;
      const answer = await store.lock(this.#storeKey, ttl);
      // Nobody waits for it any more, and others would wait for whoever holds it.
      if (late) await answer?.release();
      return answer ?? ("taken" as const);
    });
    late = true;
    return lock;
  }

  /** Sent whatever happened before, since others may wait for it. This load waits only if it has time left. */
  async release(lock: StoreLock): Promise<void> {
    const released = this.#send("release", new Patience(this.#options.runtime), () => lock.release());
    const waits = this.#patience.left > 0 && !this.#access.isHeldOff;
    if (waits) await within(this.#patience, () => released).catch(() => {});
  }

  /** The time that other processes need is not the store's. */
  renew(): void {
    this.#patience.left = STORE_DEADLINE;
  }

  /** What the store holds is not used. */
  reject(reason: RecordFault): void {
    this.#publish("get", reason);
  }

  async #ask<T>(operation: Operation, task: (store: CredentialStore) => Promise<T>): Promise<T | undefined> {
    if (this.#over || this.#patience.left <= 0 || this.#access.isHeldOff) return undefined;
    return this.#send(operation, this.#patience, () => task(this.#options.store));
  }

  async #send<T>(operation: Operation, patience: Patience, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await within(patience, task);
    } catch (error) {
      this.#over = true;
      const isLate = error instanceof OutOfTime;
      if (patience.left < STORE_DEADLINE / 2) this.#access.holdOff();
      this.#publish(operation, isLate ? "timeout" : "failed", isLate ? undefined : safeCause(error));
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
class Patience {
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

/** @throws OutOfTime */
function within<T>(patience: Patience, task: () => Promise<T>): Promise<T> {
  return withDeadline({ runtime: patience, ms: patience.left, reason: () => new OutOfTime() }, task);
}

class OutOfTime extends Error {}
