import { constants, type Stats, statSync } from "node:fs";
import { chmod, copyFile, link, mkdir, open, opendir, rename, stat, unlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { conflict } from "../request/validation.js";
import { LONGEST_RECORD, StoreError } from "./credential-store.js";
import { assertPrivate, isPrivate } from "./directory-privacy.js";
import { throughFileGate } from "./file-gate.js";
import { readRegularFile } from "./regular-file.js";

/** A file as it is written. */
export interface PrivateFile {
  readonly text: string;
  /** Epoch milliseconds after which it counts for nothing: its time of modification, so that `ls -l` shows it. */
  readonly expires: number;
}

/** A file as it was found. */
export interface FoundFile extends PrivateFile {
  /** Epoch milliseconds by this machine's clock when it was last written, as the file system saw it. */
  readonly changed: number;
}

const OWNER_ONLY = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
/** Bytes: no text of a record is longer. */
const LARGEST = 3 * LONGEST_RECORD;
/** Names that are read from a directory at a time. */
const NAMES_AT_ONCE = 1000;

/**
 * A directory that only this user may enter. A file in it is seen whole or not at all: it is written beside, and then
 * renamed.
 */
export class PrivateDirectory {
  readonly #isOurs: (name: string) => boolean;

  /** @param isOurs tells the names that the library gives to files from all others */
  constructor(
    readonly path: string,
    isOurs: (name: string) => boolean,
  ) {
    this.#isOurs = isOurs;
    const status = readStats(path);
    if (status) assertPrivate(path, status, isOurs);
  }

  /** @throws StoreError if others could have written it, or could read it */
  read(name: string): Promise<FoundFile | undefined> {
    return this.#attempt("read", async () => {
      const found = await readRegularFile(join(this.path, name), LARGEST, { followLinks: false });
      if (found === "irregular") throw this.#unusable(name, "is not a file");
      if (found === "too-large") throw this.#unusable(name, "is too large for a session");
      const { bytes, uid, mode, modified, changed } = found;
      if (!isPrivate(uid, mode)) throw this.#unusable(name, "is not this user's alone");
      return { text: bytes.toString(), expires: modified, changed };
    });
  }

  #unusable(name: string, problem: string): StoreError {
    return new StoreError(`${name} in ${this.path} ${problem}. Delete it.`);
  }

  async write(name: string, file: PrivateFile): Promise<void> {
    await this.#publish(file, (temporary) => rename(temporary, join(this.path, name)));
  }

  /** @returns whether it was created; `false` if there is one of that name */
  async create(name: string, file: PrivateFile): Promise<boolean> {
    const created = await this.#publish(file, (temporary) => this.#place(temporary, name, file.expires));
    return created === true;
  }

  /** @returns whether there was one */
  async remove(name: string): Promise<boolean> {
    const removed = await this.#attempt("delete", async () => {
      await unlink(join(this.path, name));
      return true;
    });
    return removed === true;
  }

  /**
   * Removes a file if it is the one that is meant. What a file is can change between the look and the removal: so it is
   * moved aside first, looked at again, and put back if it is another by now.
   * @returns whether it was removed
   */
  async removeIf(name: string, isMeant: (file: FoundFile) => boolean): Promise<boolean> {
    const seen = await this.read(name);
    if (!seen || !isMeant(seen)) return false;
    const aside = temporaryName();
    await this.#attempt("delete", () => rename(join(this.path, name), join(this.path, aside)));
    const moved = await this.read(aside);
    const isSame = moved !== undefined && moved.text === seen.text && moved.expires === seen.expires;
    if (moved && !isSame) {
      await this.#attempt("write", () => this.#place(join(this.path, aside), name, moved.expires));
    }
    await this.remove(aside);
    return isSame;
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    const directory = await this.#attempt("list", () => opendir(this.path, { bufferSize: NAMES_AT_ONCE }));
    if (!directory) return names;
    try {
      let entry = await this.#attempt("list", () => directory.read());
      while (entry) {
        names.push(entry.name);
        entry = await this.#attempt("list", () => directory.read());
      }
      return names;
    } finally {
      await directory.close();
    }
  }

  /** When a file expires, without a look into it. */
  readExpiry(name: string): Promise<number | undefined> {
    return this.#attempt("list", async () => (await stat(join(this.path, name))).mtimeMs);
  }

  async #publish<T>(file: PrivateFile, place: (temporary: string) => Promise<T>): Promise<T | undefined> {
    return this.#attempt("write", async () => {
      const temporary = join(this.path, temporaryName());
      const handle = await this.#openNew(temporary);
      try {
        try {
          await handle.chmod(OWNER_ONLY); // whatever the umask
          await handle.writeFile(file.text, "utf8");
          await handle.utimes(new Date(file.expires), new Date(file.expires));
        } finally {
          await handle.close();
        }
        return await place(temporary);
      } finally {
        await unlink(temporary).catch(() => {});
      }
    });
  }

  async #openNew(path: string) {
    await makePrivate(this.path);
    assertPrivate(this.path, await stat(this.path), this.#isOurs);
    return open(path, "wx", OWNER_ONLY);
  }

  /** Gives a file that is complete one more name, unless there is one of that name. */
  async #place(temporary: string, name: string, expires: number): Promise<boolean> {
    const path = join(this.path, name);
    try {
      await link(temporary, path).catch(async (error) => {
        if (readSystemCode(error) === "EEXIST") throw error;
        // No hard links here. Until the copy has its time it counts as expired: see `takeLock` for what that means.
        await copyFile(temporary, path, constants.COPYFILE_EXCL);
        await utimes(path, new Date(expires), new Date(expires));
      });
      return true;
    } catch (error) {
      if (readSystemCode(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** `undefined` where there is no such file. */
  async #attempt<T>(operation: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await throughFileGate(task);
    } catch (error) {
      const code = readSystemCode(error);
      if (code === "ENOENT") return undefined;
      if (code === undefined) throw error;
      const failure = new StoreError(`Cannot ${operation} a session in ${this.path}: ${code}. Check that directory.`);
      throw Object.assign(failure, { code });
    }
  }
}

function readStats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const problem = conflict(
      "options.directory",
      `cannot be used: ${path}: ${readSystemCode(error)}`,
      "Name a directory that this user can make or enter.",
    );
    throw Object.assign(problem, { cause: error });
  }
}

/** Makes a directory that is missing, and those above it, for this user alone whatever the umask. */
async function makePrivate(path: string): Promise<void> {
  try {
    await mkdir(path, OWNER_ONLY_DIRECTORY);
  } catch (error) {
    if (readSystemCode(error) === "EEXIST") return;
    if (readSystemCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makePrivate(dirname(path));
    return makePrivate(path);
  }
  await chmod(path, OWNER_ONLY_DIRECTORY);
}

function temporaryName(): string {
  return `${process.getBuiltinModule("node:crypto").randomUUID()}.tmp`;
}

/** Of an error of the file system, by structure: a test runner's sandbox has an Error of its own. */
function readSystemCode(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return typeof code === "string" && typeof syscall === "string" ? code : undefined;
}
