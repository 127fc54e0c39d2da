import { withDeadline } from "../abort.js";
import type { Diagnostics, SessionEvent } from "../diagnostics.js";
import type { Runtime } from "../runtime.js";
import { safeCause } from "../sources/safe-cause.js";
import type { CredentialStore, StoreLock } from "./credential-store.js";
import type { RecordFault } from "./sealed-record.js";

/** Milliseconds that one load waits for the store, all operations together. */
export const STORE_DEADLINE = 250;
/** Milliseconds for which a store that did not answer in time is left alone. */
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
 * after the first failure the store counts as empty for the rest of the load.
 */
export class StoreVisit {
  readonly #access: StoreAccess;
  readonly #storeKey: string;
  readonly #labels: SessionEvent;
  readonly #options: StoreAccessOptions;
  #left = STORE_DEADLINE;
  #over = false;

  constructor(access: StoreAccess, storeKey: string, labels: SessionEvent, options: StoreAccessOptions) {
    this.#access = access;
    this.#storeKey = storeKey;
    this.#labels = labels;
    this.#options = options;
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

  /** Also after a failure: others may wait for it. */
  async release(lock: StoreLock): Promise<void> {
    this.#over = false;
    await this.#ask("release", () => lock.release());
  }

  /** The time that other processes need is not the store's. */
  renew(): void {
    this.#left = STORE_DEADLINE;
  }

  /** What the store holds is not used. */
  reject(reason: RecordFault): void {
    this.#publish("get", reason);
  }

  async #ask<T>(operation: Operation, task: (store: CredentialStore) => Promise<T>): Promise<T | undefined> {
    const { store, runtime } = this.#options;
    if (this.#over || this.#left <= 0 || this.#access.isHeldOff) return undefined;
    const began = runtime.monotonic();
    const reason = () => new OutOfTime();
    try {
      return await withDeadline({ runtime, ms: this.#left, reason }, () => task(store));
    } catch (error) {
      this.#over = true;
      const isLate = error instanceof OutOfTime;
      if (isLate) this.#access.holdOff();
      this.#publish(operation, isLate ? "timeout" : "failed", isLate ? undefined : safeCause(error));
      return undefined;
    } finally {
      this.#left -= runtime.monotonic() - began;
    }
  }

  #publish(operation: Operation, reason: "failed" | "timeout" | RecordFault, error?: Error): void {
    this.#options.diagnostics.publish("store-error", { ...this.#labels, operation, reason, error });
  }
}

class OutOfTime extends Error {}
