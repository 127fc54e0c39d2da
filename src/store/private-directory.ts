import { constants, type Stats, statSync } from "node:fs";
import { chmod, copyFile, link, mkdir, readdir, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { conflict, escapeInvisible } from "../request/validation.js";
import { LONGEST_RECORD, StoreError } from "./credential-store.js";
import { assertPrivate, isPrivate } from "./directory-privacy.js";
import { readRegularFile, throughFileGate } from "./file-gate.js";

export interface PrivateFile {
  readonly text: string;
  /** Epoch milliseconds at which the file expires. Stored as the modification time, so that `ls -l` shows it. */
  readonly expires: number;
}

export interface FoundFile extends PrivateFile {
  /** Epoch milliseconds of the last change, by the file system's clock. */
  readonly changed: number;
}

const OWNER_ONLY = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
/** In bytes. UTF-8 takes at most 3 bytes per UTF-16 code unit. */
const LARGEST = 3 * LONGEST_RECORD;

/** A directory that only this user can access. Files are written to a temporary name, then renamed. */
export class PrivateDirectory {
  /** @param isOurs whether a file name belongs to this library */
  constructor(
    readonly path: string,
    readonly isOurs: (name: string) => boolean,
  ) {
    const status = readStats(path);
    if (status) assertPrivate(path, status, isOurs);
  }

  /** @throws StoreError if other users can read or write the file */
  read(name: string): Promise<FoundFile | undefined> {
    return this.#attempt("read", async () => {
      const found = await readRegularFile(join(this.path, name), LARGEST, { followLinks: false });
      const refuse = (problem: string) => new StoreError(`${name} in ${this.path} ${problem}. Delete it.`);
      if (typeof found === "string") throw refuse(found);
      const { bytes, status } = found;
      if (!isPrivate(status)) throw refuse("is accessible to other users");
      return { text: bytes.toString(), expires: status.mtimeMs, changed: status.ctimeMs };
    });
  }

  async write(name: string, file: PrivateFile): Promise<void> {
    await this.#publish(file, (temporary) => rename(temporary, join(this.path, name)));
  }

  /** @returns whether the file was created; `false` if it already exists */
  async create(name: string, file: PrivateFile): Promise<boolean> {
    return (await this.#publish(file, (temporary) => this.#place(temporary, name, file.expires))) ?? false;
  }

  /** @returns whether the file existed */
  async remove(name: string): Promise<boolean> {
    const removed = await this.#attempt("delete", () => unlink(join(this.path, name)).then(() => true));
    return removed ?? false;
  }

  /**
   * Removes a file if it matches. The file may be replaced between the check and the removal, so it is renamed first,
   * checked again, and put back if it has changed.
   * @returns whether it was removed
   */
  async removeIf(name: string, matches: (file: FoundFile) => boolean): Promise<boolean> {
    const seen = await this.read(name);
    if (!seen || !matches(seen)) return false;
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
    return (await this.#attempt("list", () => readdir(this.path))) ?? [];
  }

  /** Reads when a file expires, without opening it. */
  readExpiry(name: string): Promise<number | undefined> {
    return this.#attempt("list", async () => (await stat(join(this.path, name))).mtimeMs);
  }

  async #publish<T>(file: PrivateFile, place: (temporary: string) => Promise<T>): Promise<T | undefined> {
    return this.#attempt("write", async () => {
      await makePrivate(this.path);
      assertPrivate(this.path, await stat(this.path), this.isOurs);
      const temporary = join(this.path, temporaryName());
      try {
        await writeFile(temporary, file.text, { flag: "wx", mode: OWNER_ONLY });
        await chmod(temporary, OWNER_ONLY); // the umask may have removed permissions
        await utimes(temporary, new Date(file.expires), new Date(file.expires));
        return await place(temporary);
      } finally {
        await unlink(temporary).catch(() => {});
      }
    });
  }

  /** Puts a complete file under its final name, unless that name is taken. */
  async #place(temporary: string, name: string, expires: number): Promise<boolean> {
    const path = join(this.path, name);
    try {
      await link(temporary, path).catch(async (error) => {
        if (readSystemCode(error) === "EEXIST") throw error;
        // The file system has no hard links. Until `utimes`, the copy looks expired; `takeLock` allows for that.
        await copyFile(temporary, path, constants.COPYFILE_EXCL);
        await utimes(path, new Date(expires), new Date(expires));
      });
      return true;
    } catch (error) {
      if (readSystemCode(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** Resolves to `undefined` if the file does not exist. */
  async #attempt<T>(operation: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await throughFileGate(task);
    } catch (error) {
      const code = readSystemCode(error);
      if (code === "ENOENT") return undefined;
      if (code === undefined) throw error;
      const path = escapeInvisible(this.path);
      const failure = new StoreError(`Cannot ${operation} a session in ${path}: ${code}. Check the directory.`);
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
      `cannot be used: ${escapeInvisible(path)}: ${readSystemCode(error)}`,
      "Set a directory that this user can create or access.",
    );
    throw Object.assign(problem, { cause: error });
  }
}

/** Creates a missing directory and its missing parents with mode 0700, regardless of the umask. */
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

/** The code of a system error. Checks its shape, because test runners' sandboxes have a different `Error` class. */
function readSystemCode(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return typeof code === "string" && typeof syscall === "string" ? code : undefined;
}
