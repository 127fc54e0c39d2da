import { closeSync, fstatSync, openSync, readFileSync, type Stats } from "node:fs";

/** Why a file holds no text that can be used. The message is the rest of a sentence about it. */
export class TextFileError extends Error {
  override readonly name = "TextFileError";

  /** What to do, if that is clear. */
  readonly advice: string | undefined;

  constructor(message: string, { advice, cause }: { advice?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.advice = advice;
  }
}

const advice = "Save it as UTF-8.";

export interface TextFile {
  readonly text: string;
  /** Its mode, such as `644`, if other users can do something with it. */
  readonly openMode: string | undefined;
}

const GROUP_AND_OTHERS = 0o077;

/**
 * A file of UTF-8, without a byte order mark.
 * @throws TextFileError for a file of another encoding, and a system error for one that cannot be read
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

/** By its mark, or by the zero byte of each character that ASCII has. */
function isUtf16([first, second]: Buffer): boolean {
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return hasMark || (first === 0) !== (second === 0);
}

/** Windows has no modes, and a pipe is nobody's but its reader's. */
function findOpenMode(status: Stats): string | undefined {
  const isOpen = process.getuid !== undefined && status.isFile() && (status.mode & GROUP_AND_OTHERS) !== 0;
  return isOpen ? (status.mode & 0o777).toString(8) : undefined;
}
