import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { CredentialStore, StoreLock } from "../store/credential-store.js";
import { readEncryptionKeys } from "../store/encryption-keys.js";
import { readOptions } from "./read-options.js";

/** The store that {@link storeContract} tests. */
export interface StoreUnderTest {
  /**
   * Opens the store, as each process would. Called once or twice per case. All calls must return stores with the same
   * data. Existing data does no harm, because every case uses random keys.
   */
  open(): CredentialStore | Promise<CredentialStore>;
  /** Whether the store has `lock`. Default `true`. */
  locks?: boolean;
  /** Lets time pass for the store, in milliseconds. Default: waits in real time, about 200 ms in each of four cases. */
  wait?(ms: number): Promise<void>;
}

/** One requirement of the store contract. */
export interface StoreContractCase {
  readonly name: string;
  /** Rejects with an assertion error if the store does not meet the requirement. */
  run(): Promise<void>;
}

const MINUTE = 60_000;
const SHORT = 100;
const AFTER = 2 * SHORT;
/** The length of the longest record. */
const LONGEST = 16_384;

/**
 * Tests that a `CredentialStore` keeps its contract, as cases for any test runner.
 *
 * @example
 * ```ts
 * describe("my store", () => {
 *   for (const { name, run } of storeContract({ open: () => myStore() })) it(name, run);
 * });
 * ```
 */
export function storeContract(given: StoreUnderTest): StoreContractCase[] {
  const { open, locks = true, wait = (ms: number) => delay(ms) } = readOptions("storeContract", given);
  const contract: Record<string, () => Promise<void>> = {
    "has a valid scope and valid encryption keys": async () => {
      const [one, other] = await both();
      assert.equal(typeof one.scope, "string");
      assert.ok(one.scope.length >= 1 && one.scope.length <= 255, "scope has 1 to 255 characters");
      assert.equal(other.scope, one.scope);
      assert.equal(typeof one.lock, locks ? "function" : "undefined");
      readEncryptionKeys("encryptionKeys", one.encryptionKeys);
    },
    "returns undefined for a key that was never set": async () => {
      const [one] = await both();
      assert.equal(await one.get(newKey()), undefined);
    },
    "returns a record unchanged to every process": async () => {
      const [one, other] = await both();
      const records = ["x", ' {"a":"b\\n"}\n', "ä€😀\u0000\r\n", "y".repeat(LONGEST)];
      for (const record of records) {
        const key = newKey();
        await one.set(key, record, MINUTE);
        assert.equal(await one.get(key), record);
        assert.equal(await other.get(key), record);
      }
    },
    "distinguishes keys, including their case": async () => {
      const [one] = await both();
      const key = `a${newKey().slice(1)}`;
      const others = [`A${key.slice(1)}`, `${key.slice(0, -1)}-`, `${key.slice(0, -1)}_`];
      await one.set(key, "record", MINUTE);
      for (const other of others) assert.equal(await one.get(other), undefined);
    },
    "replaces a record atomically": async () => {
      const [one, other] = await both();
      const key = newKey();
      const records = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(1 + 100 * index));
      const read: (string | undefined)[] = [];
      await one.set(key, "the first", MINUTE);
      await Promise.all(
        records.map(async (record, index) => {
          await (index % 2 === 0 ? one : other).set(key, record, MINUTE);
          read.push(await one.get(key), await other.get(key));
        }),
      );
      for (const record of read) assert.ok(records.includes(record ?? ""), "every read returns a complete record");
      await one.set(key, "the last", MINUTE);
      assert.equal(await other.get(key), "the last");
    },
    "stops returning a record after its ttl": async () => {
      const [one, other] = await both();
      const key = newKey();
      await one.set(key, "record", SHORT);
      await wait(AFTER);
      assert.equal(await one.get(key), undefined);
      assert.equal(await other.get(key), undefined);
    },
    "applies the ttl of the latest set()": async () => {
      const [one] = await both();
      const key = newKey();
      await one.set(key, "short", SHORT);
      await one.set(key, "long", MINUTE);
      await wait(AFTER);
      assert.equal(await one.get(key), "long");
    },
    "deletes a record for every process, and ignores a missing record": async () => {
      const [one, other] = await both();
      const key = newKey();
      await one.delete(key);
      await one.delete(key, "record");
      await one.set(key, "record", MINUTE);
      await other.delete(key);
      assert.equal(await one.get(key), undefined);
    },
    "deletes a record only if it equals the given one": async () => {
      const [one, other] = await both();
      const key = newKey();
      await one.set(key, "newer", MINUTE);
      await other.delete(key, "older");
      assert.equal(await one.get(key), "newer");
      await other.delete(key, "newer");
      assert.equal(await one.get(key), undefined);
    },
  };

  const contractOfLocks: Record<string, () => Promise<void>> = {
    "grants a lock to one holder at a time": async () => {
      const [one, other] = await both();
      const key = newKey();
      const lock = await taken(one, key);
      assert.equal(await other.lock?.(key, MINUTE), undefined);
      assert.equal(await one.lock?.(key, MINUTE), undefined);
      await taken(other, newKey());
      await lock.release();
      await (await taken(other, key)).release();
      await taken(one, key);
    },
    "grants a lock to one of many concurrent callers": async () => {
      const [one, other] = await both();
      const key = newKey();
      const asked = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).lock?.(key, MINUTE));
      assert.equal((await Promise.all(asked)).filter((lock) => lock !== undefined).length, 1);
    },
    "expires a lock after its ttl": async () => {
      const [one, other] = await both();
      const key = newKey();
      await taken(one, key, SHORT);
      await wait(AFTER);
      await taken(other, key);
    },
    "does not let release() of an expired lock affect a later lock": async () => {
      const [one, other] = await both();
      const key = newKey();
      const first = await taken(one, key, SHORT);
      await wait(AFTER);
      const second = await taken(other, key);
      await first.release();
      assert.equal(await one.lock?.(key, MINUTE), undefined);
      await second.release();
      await second.release();
      await first.release();
      await taken(one, key);
    },
    "keeps locks and records separate": async () => {
      const [one] = await both();
      const key = newKey();
      const lock = await taken(one, key);
      assert.equal(await one.get(key), undefined);
      await one.set(key, "record", MINUTE);
      await one.delete(key);
      assert.equal(await one.lock?.(key, MINUTE), undefined);
      await one.set(key, "record", MINUTE);
      await lock.release();
      assert.equal(await one.get(key), "record");
    },
  };

  async function both(): Promise<[CredentialStore, CredentialStore]> {
    return [await open(), await open()];
  }

  return Object.entries({ ...contract, ...(locks && contractOfLocks) }).map(([name, run]) => ({ name, run }));
}

async function taken(store: CredentialStore, key: string, ttl = MINUTE): Promise<StoreLock> {
  const lock = await store.lock?.(key, ttl);
  assert.ok(lock, "a free lock can be taken");
  return lock;
}

/** Creates a key in the form that the resolver uses. */
function newKey(): string {
  return randomBytes(32).toString("base64url");
}
