import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { StoreLock } from "./credential-store.js";
import type { FoundFile, PrivateDirectory } from "./private-directory.js";

/** Milliseconds that a lock file may stay empty. Without hard links, the file is created first and written later. */
const WRITE_GRACE = 10_000;
/** Tolerated clock error of this machine or a file server, in milliseconds. */
const CLOCK_TOLERANCE = 60_000;

/**
 * A lock is a file that contains its owner and expiry. It ends when the owner removes it or when it expires. Another
 * process may take it over if the owner's process is gone or the clock was set back.
 */
export async function takeLock(directory: PrivateDirectory, name: string, ttl: number): Promise<StoreLock | undefined> {
  const expires = Date.now() + ttl;
  const owner = `${describeProcess(process.pid)} ${randomUUID()}@${expires}`;
  const create = () => directory.create(name, { text: owner, expires });
  const isTaken = (await create()) || ((await directory.removeIf(name, hasEnded)) && (await create()));
  if (!isTaken) return undefined;
  return { release: async () => void (await directory.removeIf(name, ({ text }) => text === owner)) };
}

/** Identifies this machine: by the boot id, which containers share, or by the host name if there is no boot id. */
export function thisHost(): string {
  return readOr(hostname, () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
}

function hasEnded({ text, expires, changed }: FoundFile): boolean {
  const now = Date.now();
  if (changed > now + CLOCK_TOLERANCE) return true;
  if (text === "") return Math.max(expires, changed + WRITE_GRACE) <= now;
  // Reads the expiry from the file's text, because without hard links, the modification time is set after the text.
  const [, owner, pid, end = expires] = /^(.* (\d+)) \S+@(\d+)$/s.exec(text) ?? [];
  if (Number(end) <= now) return true;
  // Checks the owner only if it runs on this machine and in this container.
  return owner === describeProcess(Number(pid)) && !isRunning(Number(pid));
}

function describeProcess(pid: number): string {
  const namespace = readOr(
    () => "",
    () => readlinkSync("/proc/self/ns/pid"),
  );
  return `${thisHost()} ${namespace} ${pid}`;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}

function readOr(otherwise: () => string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise();
  }
}
