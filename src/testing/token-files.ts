import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Token files that only this user can read, in a temporary directory. */
export class TokenFiles {
  #directory: string | undefined;

  /**
   * Writes or replaces a file. A reader sees the old content or the new content, never part of it.
   * @returns the file's path
   */
  write(name: string, token: string): string {
    this.#directory ??= mkdtempSync(join(tmpdir(), "rolecall-local-aws-"));
    const path = join(this.#directory, name);
    writeFileSync(`${path}.new`, token, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return path;
  }

  /** Removes all files and the directory. */
  remove(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  }
}
