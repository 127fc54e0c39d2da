import { closeSync, fstatSync, openSync, readFileSync, type Stats } from "node:fs";

/** The file is not usable text. The message completes a sentence that starts with the file's path. */
export class TextFileError extends Error {
  override readonly name = "TextFileError";

  /** What to do about it, if known. */
  readonly advice: string | undefined;

  constructor(message: string, { advice, cause }: { advice?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.advice = advice;
  }
}

const advice = "Save it as UTF-8.";

export interface TextFile {
  readonly text: string;
  /** The file's mode, such as `644`, if other users have any access; otherwise `undefined`. */
  readonly openMode: string | undefined;
}

const GROUP_AND_OTHERS = 0o077;

/**
 * Reads a UTF-8 file and strips a byte order mark.
 * @throws TextFileError if the file is not UTF-8; a system error if it cannot be read
 */
export function readTextFile(path: string): TextFile {
  const descriptor = openSync(path, "r");
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw new TextFileError("is a directory");
    return { text: decode(readFileSync(descriptor)), openMode: findOpenMode(status) };
  } finally {
    closeSync(descriptor);
  }
}

function decode(bytes: Buffer): string {
  if (isUtf16(bytes)) throw new TextFileError("is UTF-16", { advice });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new TextFileError("is not UTF-8", { advice, cause: error });
  }
}

/** Detects a byte order mark, or the zero byte of an ASCII character. */
function isUtf16([first, second]: Buffer): boolean {
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return hasMark || (first === 0) !== (second === 0);
}

/** Skips Windows, which has no modes, and pipes, which only this process can read. */
function findOpenMode(status: Stats): string | undefined {
  const isOpen = process.getuid !== undefined && status.isFile() && (status.mode & GROUP_AND_OTHERS) !== 0;
  return isOpen ? (status.mode & 0o777).toString(8) : undefined;
}
