import type { KeyObject } from "node:crypto";

/** Characters that a record has at most. What is longer is neither stored nor read. */
export const LONGEST_RECORD = 16_384;

/**
 * Where sessions are shared between processes or hosts. A store keeps texts by key for a time, and knows nothing of
 * what they say. It may fail, be slow, or lose what it holds at any time: the resolver checks every record that it
 * reads, waits no longer than a short deadline, and goes on with STS. `storeContract()` of `aws-rolecall/testing` tests
 * a store of one's own.
 */
export interface CredentialStore {
  /**
   * The name of those who share: processes whose instance profile is the same role. It is part of every key, so that
   * two scopes never meet in one store. 1 to 255 characters.
   */
  readonly scope: string;
  /**
   * With keys, the resolver seals every record before the store sees it: the first key writes, all of them read. Each a
   * secret `KeyObject` of at least 32 bytes, which prints nothing. Default: records are stored as they are.
   */
  readonly encryptionKeys?: readonly KeyObject[] | undefined;
  /** @param key 43 characters of `[A-Za-z0-9_-]`. Gives `undefined` for what was never set, was deleted or has expired. */
  get(key: string): Promise<string | undefined>;
  /** Replaces what is held, whole or not at all. @param record at most 16 KiB of text @param ttl milliseconds */
  set(key: string, record: string, ttl: number): Promise<void>;
  /** With `record`, deletes only what equals it, so that a newer one stays. */
  delete(key: string, record?: string): Promise<void>;
  /**
   * Tries once to become the one who refreshes `key`. `undefined`: somebody else is. Any other answer than a lock counts
   * as a failure of the store. The lock ends by `release()`, or by itself after `ttl` milliseconds at the latest;
   * `release()` of a lock that has ended does no harm to the next. A store without locks is one whose processes may each
   * ask STS.
   */
  lock?: ((key: string, ttl: number) => Promise<StoreLock | undefined>) | undefined;
}

export interface StoreLock {
  release(): Promise<void>;
}

/** What went wrong in a store. Its message must hold nothing of a record: events carry it. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
