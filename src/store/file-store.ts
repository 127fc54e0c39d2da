import { resolve } from "node:path";
import { readSettings, readText, type TextRule } from "../request/validation.js";
import { type CredentialStore, StoreError } from "./credential-store.js";
import { defaultDirectory } from "./default-directory.js";
import { type EncryptionKey, readEncryptionKeys } from "./encryption-keys.js";
import { takeLock, thisHost } from "./file-lock.js";
import { PrivateDirectory } from "./private-directory.js";
import { type RecordLabels, readRecordLabels } from "./session-record.js";

export type { RecordLabels };

/** Options of {@link fileStore}. */
export interface FileStoreOptions {
  /**
   * A directory that only this user can access. The store creates it with mode 0700 when it stores the first session.
   * Default: `aws-rolecall/sessions` in the platform's cache directory, which is `$XDG_CACHE_HOME` or `~/.cache`,
   * `~/Library/Caches`, or `%LOCALAPPDATA%`.
   */
  directory?: string | undefined;
  /** Encrypts sessions with the first key, and decrypts with any of them. Default: unencrypted files with mode 0600. */
  encryptionKeys?: readonly EncryptionKey[] | undefined;
}

/** A session in a store, without its secrets. */
export interface StoredSession {
  /** The session's key in the store, 43 characters. */
  key: string;
  /**
   * Role, account and expiry. `undefined` if the file is damaged, accessible to other users, or encrypted with another
   * key.
   */
  labels: RecordLabels | undefined;
}

/** A store for the processes of one user on one machine. */
export interface FileStore extends CredentialStore {
  /** The absolute path of the directory. */
  readonly directory: string;
  /** Lists the sessions in the directory that have not expired, without secrets. */
  list(): Promise<StoredSession[]>;
  /** Deletes only the store's own files from the directory. Returns the number of deleted sessions. */
  clear(): Promise<number>;
}

const OPTION_KEYS = ["directory", "encryptionKeys"] as const satisfies readonly (keyof FileStoreOptions)[];
const DIRECTORY: TextRule = { pattern: /^[^\0]*$/, min: 1, max: 4096, allowed: "the path of a directory" };
const KEY = /^[\w-]{43}$/;
const SESSION = ".session";
const LOCK = ".lock";
/** The names of the files that the store writes. It never deletes any other file. */
const OURS = /^([\w-]{43}\.(session|lock)|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp)$/;
/** A file whose modification time is the time of the last sweep. */
const SWEPT = "swept";
/** Minimum milliseconds between sweeps, across all processes. */
const SWEEP_INTERVAL = 600_000;
/** Milliseconds to wait after a file expires before deleting it, because another process may still be using it. */
const SWEEP_MARGIN = 60_000;
/** The maximum number of files per sweep, so that a sweep does not keep a process alive for long. */
const LONGEST_SWEEP = 1000;
/** The longest possible lifetime of a file in milliseconds. A later expiry means that the clock was set back. */
const LONGEST_STAY = 43_200_000;

/**
 * Stores sessions in files, which the processes of one user on one machine share. Pass it as the resolver's `store`.
 * @throws RolecallError `INVALID_REQUEST` if the directory belongs to another user or other users can access it
 */
export function fileStore(options?: FileStoreOptions): FileStore {
  const { directory: path, encryptionKeys } = readSettings("options", options, OPTION_KEYS) ?? {};
  const keys = readEncryptionKeys("options.encryptionKeys", encryptionKeys);
  const directory = new PrivateDirectory(
    resolve(readText("options.directory", path, DIRECTORY) ?? defaultDirectory()),
    (name) => name === SWEPT || OURS.test(name),
  );

  async function read(key: string): Promise<string | undefined> {
    const file = await directory.read(toFileName(key, SESSION));
    return file && file.expires > Date.now() ? file.text : undefined;
  }

  async function sweep(): Promise<void> {
    const now = Date.now();
    const last = await directory.readExpiry(SWEPT);
    if (last !== undefined && Math.abs(now - last) < SWEEP_INTERVAL) return;
    await directory.write(SWEPT, { text: "", expires: now });
    const names = await ownNames();
    // Starts at a random place, so that repeated sweeps cover a large directory.
    const first = Math.floor(Math.random() * names.length);
    for (const name of [...names.slice(first), ...names.slice(0, first)].slice(0, LONGEST_SWEEP)) {
      const expires = (await directory.readExpiry(name)) ?? now;
      const isOver = expires < now - SWEEP_MARGIN || expires > now + LONGEST_STAY + SWEEP_MARGIN;
      if (isOver) await directory.remove(name);
    }
  }

  async function ownNames(): Promise<string[]> {
    return (await directory.names()).filter((name) => OURS.test(name));
  }

  return {
    directory: directory.path,
    scope: `host ${thisHost()}`,
    encryptionKeys: keys,
    get: read,
    async set(key, record, ttl) {
      await directory.write(toFileName(key, SESSION), { text: record, expires: Date.now() + ttl });
      // Runs in the background. If it fails, a later sweep cleans up.
      sweep().catch(() => {});
    },
    async delete(key, record) {
      const name = toFileName(key, SESSION);
      if (record === undefined) await directory.remove(name);
      else await directory.removeIf(name, ({ text }) => text === record);
    },
    lock: async (key, ttl) => takeLock(directory, toFileName(key, LOCK), ttl),
    async list() {
      const sessions: StoredSession[] = [];
      for (const name of (await ownNames()).sort()) {
        if (!name.endsWith(SESSION)) continue;
        const key = name.slice(0, -SESSION.length);
        const record = await read(key).catch((error) => {
          if (error instanceof StoreError) return ""; // an unreadable file is still listed, without labels
          throw error;
        });
        if (record !== undefined) sessions.push({ key, labels: readRecordLabels(record, key, keys) });
      }
      return sessions;
    },
    async clear() {
      let sessions = 0;
      for (const name of await ownNames()) {
        if ((await directory.remove(name)) && name.endsWith(SESSION)) sessions++;
      }
      return sessions;
    },
  };
}

/** Rejects an invalid key, because it could lead to a path outside the directory. */
function toFileName(key: string, suffix: string): string {
  if (typeof key !== "string" || !KEY.test(key))
    throw new StoreError("A key of the file store must be 43 characters of [A-Za-z0-9_-].");
  return `${key}${suffix}`;
}
