import type { KeyObject } from "node:crypto";

/** The maximum length of a record in characters. Longer records are neither stored nor read. */
export const LONGEST_RECORD = 16_384;

/**
 * Shares sessions between processes or hosts. A store keeps opaque strings by key for a limited time. It may fail, be
 * slow, or lose data at any time. The resolver validates every record, waits only a short time, and falls back to STS.
 * To test your own store, use `storeContract()` from `aws-rolecall/testing`.
 */
export interface CredentialStore {
  /**
   * Names the group of processes that share sessions. They must all have the same instance profile role. The scope
   * is part of every key, so scopes never mix within a store. 1 to 255 characters.
   */
  readonly scope: string;
  /**
   * Encryption keys. The resolver encrypts records with the first key and decrypts them with any of the keys, so the
   * store never sees plain records. Each key is a secret `KeyObject` of at least 32 bytes. Default: records are not
   * encrypted.
   */
  readonly encryptionKeys?: readonly KeyObject[] | undefined;
  /**
   * @param key 43 characters of `[A-Za-z0-9_-]`
   * @returns `undefined` if the key was never set, was deleted or has expired
   */
  get(key: string): Promise<string | undefined>;
  /**
   * Replaces the record atomically.
   * @param record at most 16,384 characters
   * @param ttl milliseconds
   */
  set(key: string, record: string, ttl: number): Promise<void>;
  /** With `record`, deletes the stored record only if it equals `record`, so that a newer record stays. */
  delete(key: string, record?: string): Promise<void>;
  /**
   * Makes one attempt to take the lock for refreshing `key`, and returns `undefined` if another process holds it. The
   * lock ends with `release()`, or expires after `ttl` milliseconds. Releasing a lock that has ended must not affect a
   * later one. Without this method, several processes may call STS for the same session.
   */
  lock?: ((key: string, ttl: number) => Promise<StoreLock | undefined>) | undefined;
}

export interface StoreLock {
  release(): Promise<void>;
}

/** A failure of a store. The message must not quote a record, because events include it. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
