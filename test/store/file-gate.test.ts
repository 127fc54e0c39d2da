import { execFileSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { closeSync, constants, openSync } from "node:fs";
import type * as FilePromises from "node:fs/promises";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { readAwsEnvironment } from "../../src/store/aws-environment.js";
import { fileStore } from "../../src/store/file-store.js";
import { HOUR, MINUTE } from "../support/local.js";

const KEY = "k".repeat(43);
const OTHER_KEY = "o".repeat(43);
/** Node's threads for files and DNS. */
const THREADS = 4;

/** While `pipe` is set, every file that is opened is that pipe, whose reader blocks one of Node's threads. */
const hanging = vi.hoisted(() => ({ pipe: undefined as string | undefined, opened: 0 }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof FilePromises>();
  const open: typeof real.open = (path, ...rest) => {
    if (hanging.pipe === undefined) return real.open(path, ...rest);
    hanging.opened++;
    return real.open(hanging.pipe, constants.O_RDONLY);
  };
  return { ...real, open };
});

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rolecall-hanging-"));
  onTestFinished(() => rm(directory, { recursive: true, maxRetries: 10 }));
});

function makePipe(name: string): string {
  const path = join(directory, name);
  execFileSync("mkfifo", ["-m", "600", path]);
  return path;
}

/** Makes every file hang from now on. Returns a function that ends this. */
function hang(): () => Promise<void> {
  const pipe = makePipe("hanging.pipe");
  Object.assign(hanging, { pipe, opened: 0 });
  return async () => {
    hanging.pipe = undefined;
    const writer = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    await turn();
    setTimeout(() => closeSync(writer), 100);
  };
}

describe.runIf(process.platform !== "win32")("a pipe in place of a file", () => {
  it("does not block a read, a lock, a list or a sweep, and can be cleared", async () => {
    const store = fileStore({ directory });
    makePipe(`${KEY}.session`);
    const lock = makePipe(`${KEY}.lock`);
    await expect(store.get(KEY)).rejects.toMatchObject({ name: "StoreError" });
    await expect(store.get(KEY)).rejects.toThrow(/is not a regular file\. Delete it\./);
    await expect(store.lock?.(KEY, MINUTE)).rejects.toThrow(/is not a regular file\. Delete it\./);
    await expect(store.delete(KEY, "record")).rejects.toThrow(/is not a regular file\. Delete it\./);
    expect(await store.list()).toEqual([{ key: KEY, labels: undefined }]);
    const past = new Date(Date.now() - HOUR);
    await utimes(lock, past, past);
    await store.set(OTHER_KEY, "record", MINUTE);
    await expect.poll(() => readdir(directory)).not.toContain(`${KEY}.lock`);
    expect(await store.clear()).toBe(2);
  });
});

describe.runIf(process.platform !== "win32")("a file system that hangs", () => {
  it("leaves threads for DNS, is not used while it hangs, and is used again when it responds", async () => {
    const store = fileStore({ directory });
    await store.set(KEY, "record", MINUTE);
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const end = hang();
    const reads = Array.from({ length: 2 * THREADS }, () => store.get(KEY).catch((error: Error) => error.name));
    await turn();
    await lookup("localhost");
    expect(hanging.opened).toBeLessThan(THREADS);

    vi.advanceTimersByTime(1000);
    await turn();
    await turn();
    const opened = hanging.opened;
    for (const use of [
      () => store.get(KEY),
      () => store.set(KEY, "record", MINUTE),
      () => store.lock?.(KEY, MINUTE),
      () => store.clear(),
      () => readAwsEnvironment({ HOME: directory }, new Map()),
    ]) {
      await expect(use()).rejects.toThrow(/The file system is not responding/);
    }
    expect(hanging.opened).toBe(opened);
    vi.useRealTimers();
    await end();
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["StoreError"]));
    expect(await store.get(KEY)).toBe("record");
  });

  it("is not detected by mistake if the process itself stalls", async () => {
    const store = fileStore({ directory });
    await store.set(KEY, "record", MINUTE);
    const reads = Array.from({ length: 20 }, () => store.get(KEY));
    const until = performance.now() + 1100;
    while (performance.now() < until); // like a debugger or a long parse
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["record"]));
  });
});

it("many concurrent operations all get their turn", async () => {
  const store = fileStore({ directory });
  await writeFile(join(directory, "other"), "");
  const keys = Array.from({ length: 200 }, (_, index) => `${index}`.padStart(43, "k"));
  await Promise.all(keys.map((key) => store.set(key, key, MINUTE)));
  expect(await Promise.all(keys.map((key) => store.get(key)))).toEqual(keys);
});
