import type { KeyObject } from "node:crypto";
import type { CredentialStore, StoreLock } from "../store/credential-store.js";
import { readOptions } from "./read-options.js";

/** Options of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  /** Default `"memory"`. */
  scope?: string;
  /** Encrypts the records. Default: none. */
  encryptionKeys?: readonly KeyObject[];
  /** The clock by which records and locks expire. Can be a `ManualClock`. Default: the system clock. */
  clock?: { now(): number };
}

/** A store that several resolvers in a test can share. */
export interface MemoryStore extends CredentialStore {
  /** The records that have not expired, by key. */
  records(): ReadonlyMap<string, string>;
  lock(key: string, ttl: number): Promise<StoreLock | undefined>;
}

interface Entry {
  readonly text: string;
  readonly expires: number;
}

/**
 * Creates an in-memory store for tests. Resolvers with the same store share sessions, as separate processes would.
 *
 * @example
 * ```ts
 * const store = createMemoryStore({ clock });
 * const [one, other] = [1, 2].map(() => createCredentialResolver({ store, runtime: clock }));
 * ```
 */
export function createMemoryStore(given: MemoryStoreOptions = {}): MemoryStore {
  const options = readOptions("createMemoryStore", given);
  const { scope = "memory", encryptionKeys, clock = { now: () => Date.now() } } = options;
  const records = new Map<string, Entry>();
  const locks = new Map<string, Entry>();
  let lastLock = 0;
  const live = (entries: Map<string, Entry>, key: string) => {
    const entry = entries.get(key);
    return entry && entry.expires > clock.now() ? entry.text : undefined;
  };
  return {
    scope,
    encryptionKeys,
    get: async (key) => live(records, key),
    async set(key, record, ttl) {
      records.set(key, { text: record, expires: clock.now() + ttl });
    },
    async delete(key, record) {
      if (record === undefined || live(records, key) === record) records.delete(key);
    },
    async lock(key, ttl) {
      if (live(locks, key) !== undefined) return undefined;
      const owner = `${++lastLock}`;
      locks.set(key, { text: owner, expires: clock.now() + ttl });
      return {
        release: async () => {
          if (locks.get(key)?.text === owner) locks.delete(key);
        },
      };
    },
    records: () =>
      new Map([...records].filter(([key]) => live(records, key) !== undefined).map(([key, { text }]) => [key, text])),
  };
}
