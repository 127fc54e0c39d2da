import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

export interface FileContents {
  readonly bytes: Buffer;
  readonly uid: number;
  readonly mode: number;
  /** Epoch milliseconds. */
  readonly modified: number;
  readonly changed: number;
}

/** Why a file was not read: it is not a regular file, so reading might block forever, or it is larger than allowed. */
export type NotRead = "irregular" | "too-large";

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Reads a file of at most `largest` bytes. Rejects with the error of `open`. */
export async function readRegularFile(
  path: string,
  largest: number,
  { followLinks }: { followLinks: boolean },
): Promise<FileContents | NotRead> {
  const handle = await open(path, O_RDONLY | O_NONBLOCK | (followLinks ? 0 : O_NOFOLLOW));
  try {
    const status = await handle.stat();
    if (!status.isFile()) return "irregular";
    const bytes = await readAtMost(handle, largest + 1);
    if (bytes.length > largest) return "too-large";
    return { bytes, uid: status.uid, mode: status.mode, modified: status.mtimeMs, changed: status.ctimeMs };
  } finally {
    await handle.close();
  }
}

async function readAtMost(handle: FileHandle, limit: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(limit);
  let length = 0;
  for (let read = -1; read !== 0 && length < limit; length += read) {
    read = (await handle.read(buffer, length, limit - length)).bytesRead;
  }
  return buffer.subarray(0, length);
}
