import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { StoreLock } from "./credential-store.js";
import type { FoundFile, PrivateDirectory } from "./private-directory.js";

/** Milliseconds for which a lock may be empty: where there are no hard links, it is written after it is made. */
const WRITE_GRACE = 10_000;
/** Milliseconds by which a clock, or a file server's, may be off. */
const CLOCK_TOLERANCE = 60_000;

/**
 * A lock is a file that names its owner and its end. It ends when the owner removes it, at its time, or as soon as
 * somebody who wants it finds that its owner's process is gone, or that the clock was set back since.
 */
export async function takeLock(directory: PrivateDirectory, name: string, ttl: number): Promise<StoreLock | undefined> {
  const expires = Date.now() + ttl;
  const owner = `${thisProcess()} ${randomUUID()}@${expires}`;
  const create = () => directory.create(name, { text: owner, expires });
  const isTaken = (await create()) || ((await directory.removeIf(name, hasEnded)) && (await create()));
  if (!isTaken) return undefined;
  return {
    release: async () => {
      await directory.removeIf(name, ({ text }) => text === owner);
    },
  };
}

/** Tells this boot of this machine from any other, in all of its containers; elsewhere than on Linux, by its name. */
export function thisHost(): string {
  return readOrFallback(hostname, () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
}

function hasEnded({ text, expires, changed }: FoundFile): boolean {
  const now = Date.now();
  if (changed > now + CLOCK_TOLERANCE) return true;
  if (text === "") return Math.max(expires, changed + WRITE_GRACE) <= now;
  // The file's own time is set after its text where there are no hard links.
  const [, end = expires] = /@(\d+)$/.exec(text) ?? [];
  if (Number(end) <= now) return true;
  const owner = text.slice(0, text.lastIndexOf(" "));
  const pid = owner.slice(owner.lastIndexOf(" ") + 1);
  // A process of another machine or container cannot be asked for.
  return owner === describeProcess(pid) && !isRunning(Number(pid));
}

function thisProcess(): string {
  return describeProcess(`${process.pid}`);
}

function describeProcess(pid: string): string {
  const namespace = readOrFallback(
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

function readOrFallback(otherwise: () => string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise();
  }
}
