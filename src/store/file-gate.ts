import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { StoreError } from "./credential-store.js";

/** The size of Node's thread pool, which file operations share with DNS lookups. */
const THREADS = Number(process.env.UV_THREADPOOL_SIZE) || 4;
/** The maximum number of concurrent operations in all stores of the process. Each may block a thread. */
const MOST_AT_ONCE = Math.max(1, Math.min(2, Math.floor(THREADS / 2)));
/** An operation counts as hanging after this many timer steps. A stall of the process counts as one step. */
const STEPS = 10;
const STEP = 100;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

let running = 0;
let hanging = 0;
const queue: (() => void)[] = [];

/**
 * Queues a file operation. While any operation hangs, rejects all others.
 * @throws StoreError if the file system does not respond
 */
export async function throughFileGate<T>(operation: () => Promise<T>): Promise<T> {
  while (running >= MOST_AT_ONCE && hanging === 0) await new Promise<void>((resume) => queue.push(resume));
  if (hanging > 0) throw new StoreError("The file system is not responding. Check the mount of the store's directory.");
  running++;
  const stopWatching = watch();
  try {
    return await operation();
  } finally {
    stopWatching();
    running--;
    queue.shift()?.();
  }
}

function watch(): () => void {
  let steps = 0;
  const timer = setInterval(() => {
    if (++steps !== STEPS) return;
    hanging++;
    for (const resume of queue.splice(0)) resume();
  }, STEP).unref();
  return () => {
    clearInterval(timer);
    if (steps >= STEPS) hanging--;
  };
}

/**
 * Reads a file of at most `largest` bytes, or returns why it was not read. Reads only regular files, because others
 * might block forever. Rejects if `open` fails. Call it through the gate.
 */
export async function readRegularFile(path: string, largest: number, { followLinks }: { followLinks: boolean }) {
  const handle = await open(path, O_RDONLY | O_NONBLOCK | (followLinks ? 0 : O_NOFOLLOW));
  try {
    const status = await handle.stat();
    if (!status.isFile()) return "is not a regular file";
    const buffer = Buffer.allocUnsafe(largest + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = (await handle.read(buffer, length, buffer.length - length)).bytesRead;
    }
    return length > largest ? "is too large" : { bytes: buffer.subarray(0, length), status };
  } finally {
    await handle.close();
  }
}
