import { resolve } from "node:path";
import { readSettings, readText, type TextRule } from "../request/validation.js";
import { type CredentialStore, StoreError } from "./credential-store.js";
import { defaultDirectory } from "./default-directory.js";
import { type EncryptionKey, readEncryptionKeys } from "./encryption-keys.js";
import { takeLock, thisHost } from "./file-lock.js";
import { PrivateDirectory } from "./private-directory.js";
import { type RecordLabels, readRecordLabels } from "./session-record.js";

export type { RecordLabels };

/** Where {@link fileStore} keeps sessions, and how. */
export interface FileStoreOptions {
  /**
   * A directory that is this user's alone; it is made, with mode 0700, when the first session is stored. Default: where
   * the platform keeps what may be lost: `$XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`; in it,
   * `aws-rolecall/sessions`.
   */
  directory?: string | undefined;
  /** Seals the sessions: the first key writes, all of them read. Default: files of mode 0600, not sealed. */
  encryptionKeys?: readonly EncryptionKey[] | undefined;
}

/** What may be shown of a session in a store. */
export interface StoredSession {
  /** The store's key of it, 43 characters. */
  key: string;
  /** Role, account and the session's own end. `undefined` if it is damaged, open to others, or sealed with another key. */
  labels: RecordLabels | undefined;
}

/** The sessions that the processes of one user share on one machine. */
export interface FileStore extends CredentialStore {
  /** The absolute path of the directory. */
  readonly directory: string;
  /** The sessions of this directory that have not expired; nothing of it is secret. */
  list(): Promise<StoredSession[]>;
  /** Deletes all that the store keeps, and nothing else in the directory. Gives how many sessions there were. */
  clear(): Promise<number>;
}

const OPTION_KEYS = ["directory", "encryptionKeys"] as const satisfies readonly (keyof FileStoreOptions)[];
const DIRECTORY: TextRule = { pattern: /^[^\0]*$/, min: 1, max: 4096, allowed: "the path of a directory" };
const KEY = /^[\w-]{43}$/;
const SESSION = ".session";
const LOCK = ".lock";
/** All that the store writes for a session. Another program's file in the directory is not its to delete. */
const OURS = /^([\w-]{43}\.(session|lock)|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp)$/;
/** Names the last sweep by its time of modification. */
const SWEPT = "swept";
/** Milliseconds between two sweeps, whichever process does them. */
const SWEEP_INTERVAL = 600_000;
/** Milliseconds after its end for which a file is left alone: another process may be at work on it. */
const SWEEP_MARGIN = 60_000;
/** Files that one sweep looks at, so that no process lives on for it. */
const LONGEST_SWEEP = 1000;
/** Milliseconds for which the store keeps anything at most: what ends later is of a clock that was set back since. */
const LONGEST_STAY = 43_200_000;

/**
 * Sessions in files: the processes of one user on one machine share them. For the resolver's `store`.
 * @throws RolecallError `INVALID_REQUEST` if the directory is another user's, or open to others
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
    // Another part of a large directory each time.
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
      // Nobody waits for it; what it leaves, another sweep takes.
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
        const record = await read(key).catch(emptyIfUnreadable);
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

/** What cannot be read is listed all the same, as a record that says nothing. */
function emptyIfUnreadable(error: unknown): string {
  if (error instanceof StoreError) return "";
  throw error;
}

/** Keys are the resolver's own; another text could lead out of the directory. */
function toFileName(key: string, suffix: string): string {
  if (typeof key !== "string" || !KEY.test(key))
    throw new StoreError("A key of the file store has 43 characters of [A-Za-z0-9_-].");
  return `${key}${suffix}`;
}
