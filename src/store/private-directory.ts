import { constants, mkdirSync, statSync } from "node:fs";
import { link, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { conflict } from "../request/validation.js";
import { StoreError } from "./credential-store.js";

/** A file as it was read. */
export interface PrivateFile {
  readonly text: string;
  /** Epoch milliseconds after which it counts for nothing: its time of modification, so that `ls -l` shows it. */
  readonly expires: number;
}

const OWNER_ONLY = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const GROUP_AND_OTHERS = 0o077;
/** Far more than any record. */
const LARGEST = 65_536;
const { O_RDONLY, O_NOFOLLOW = 0 } = constants;

/**
 * A directory that only this user may enter. A file in it is seen whole or not at all: it is written beside, and then
 * renamed.
 */
export class PrivateDirectory {
  constructor(readonly path: string) {
    if (this.#isThere()) this.#assertPrivate();
  }

  /** @throws StoreError if others could have written it, or could read it */
  read(name: string): Promise<PrivateFile | undefined> {
    return this.#attempt("read", async () => {
      const handle = await open(join(this.path, name), O_RDONLY | O_NOFOLLOW);
      try {
        const { uid, mode, mtimeMs, size } = await handle.stat();
        if (!isPrivate(uid, mode)) throw new StoreError(`${name} in ${this.path} is not this user's alone. Delete it.`);
        if (size > LARGEST) throw new StoreError(`${name} in ${this.path} is too large for a session. Delete it.`);
        return { text: await handle.readFile("utf8"), expires: mtimeMs };
      } finally {
        await handle.close();
      }
    });
  }

  async write(name: string, file: PrivateFile): Promise<void> {
    await this.#publish(file, (temporary) => rename(temporary, join(this.path, name)));
  }

  /** @returns whether it was created; `false` if there is one of that name */
  async create(name: string, file: PrivateFile): Promise<boolean> {
    const created = await this.#publish(file, async (temporary) => {
      try {
        await link(temporary, join(this.path, name));
      } catch (error) {
        if (codeOf(error) === "EEXIST") return false;
        throw error;
      }
      await unlink(temporary);
      return true;
    });
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
  async removeIf(name: string, isMeant: (file: PrivateFile) => boolean): Promise<boolean> {
    const seen = await this.read(name);
    if (!seen || !isMeant(seen)) return false;
    const aside = temporaryName();
    await this.#attempt("delete", () => rename(join(this.path, name), join(this.path, aside)));
    const removed = await this.read(aside);
    const isRemoved = removed !== undefined && isMeant(removed);
    if (removed && !isRemoved) {
      await this.#attempt("write", () => link(join(this.path, aside), join(this.path, name)).catch(ignoreNewer));
    }
    await this.remove(aside);
    return isRemoved;
  }

  async names(): Promise<string[]> {
    return (await this.#attempt("list", () => readdir(this.path))) ?? [];
  }

  /** When a file expires, without a look into it. */
  expiryOf(name: string): Promise<number | undefined> {
    return this.#attempt("list", async () => (await stat(join(this.path, name))).mtimeMs);
  }

  async #publish<T>(file: PrivateFile, place: (temporary: string) => Promise<T>): Promise<T | undefined> {
    return this.#attempt("write", async () => {
      const temporary = join(this.path, temporaryName());
      const handle = await this.#openNew(temporary);
      try {
        try {
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

  #openNew(path: string) {
    if (!this.#isThere()) mkdirSync(this.path, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    this.#assertPrivate();
    return open(path, "wx", OWNER_ONLY);
  }

  #isThere(): boolean {
    return this.#status() !== undefined;
  }

  #status() {
    try {
      return statSync(this.path, { throwIfNoEntry: false });
    } catch (error) {
      const problem = conflict(
        "options.directory",
        `cannot be used: ${this.path}: ${codeOf(error)}`,
        "Name a directory that this user can make or enter.",
      );
      throw Object.assign(problem, { cause: error });
    }
  }

  #assertPrivate(): void {
    const status = this.#status();
    const field = "options.directory";
    if (!status?.isDirectory()) throw conflict(field, `is not a directory: ${this.path}`, "Name a directory.");
    if (isPrivate(status.uid, status.mode)) return;
    const mode = (status.mode & 0o777).toString(8);
    throw conflict(
      field,
      `must be this user's alone: ${this.path} is of user ${status.uid} with mode ${mode}`,
      `Sessions are secrets. Run "chmod 700 ${this.path}" as user ${process.getuid?.()}, or name another directory.`,
    );
  }

  /** `undefined` where there is no such file. */
  async #attempt<T>(operation: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOENT") return undefined;
      if (code === undefined) throw error;
      const failure = new StoreError(`Cannot ${operation} a session in ${this.path}: ${code}. Check that directory.`);
      throw Object.assign(failure, { code });
    }
  }
}

/**
 * Where sessions are kept unless a directory is named: the platform's place for what may be lost.
 * @throws RolecallError `INVALID_REQUEST` if the user has no home
 */
export function defaultDirectory(
  platform: NodeJS.Platform = process.platform,
  env: Record<string, string | undefined> = process.env,
): string {
  return join(cacheDirectory(platform, env), "aws-rolecall", "sessions");
}

function cacheDirectory(platform: NodeJS.Platform, env: Record<string, string | undefined>): string {
  if (platform === "win32") return env.LOCALAPPDATA || join(home(), "AppData", "Local");
  if (platform === "darwin") return join(home(), "Library", "Caches");
  const { XDG_CACHE_HOME } = env;
  return XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home(), ".cache");
}

function home(): string {
  try {
    return homedir();
  } catch (error) {
    const problem = conflict(
      "options.directory",
      "is missing, and this user has no home directory",
      "Name a directory.",
    );
    throw Object.assign(problem, { cause: error });
  }
}

/** On Windows, which knows neither, the directory's own access list counts. */
function isPrivate(uid: number, mode: number): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & GROUP_AND_OTHERS) === 0);
}

function temporaryName(): string {
  return `${process.getBuiltinModule("node:crypto").randomUUID()}.tmp`;
}

function ignoreNewer(error: unknown): void {
  if (codeOf(error) !== "EEXIST") throw error;
}

/** Of an error of the file system, by structure: a test runner's sandbox has an Error of its own. */
function codeOf(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return typeof code === "string" && typeof syscall === "string" ? code : undefined;
}
