import { existsSync, statSync } from "node:fs";
import type * as FilePromises from "node:fs/promises";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type FileStore, fileStore } from "../../src/store/file-store.js";
import { createMemoryStore, storeContract } from "../../src/testing/index.js";
import { HOUR, MINUTE } from "../support/local.js";

const KEY = "k".repeat(43);
const DAY = 24 * HOUR;

/** If `code` is set, `link` fails with it, as on file systems without hard links. */
const links = vi.hoisted(() => ({ code: undefined as string | undefined }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof FilePromises>();
  const link: typeof real.link = async (from, to) => {
    const { code } = links;
    if (code !== undefined) throw Object.assign(new Error(`${code}: link`), { code, syscall: "link" });
    return real.link(from, to);
  };
  return { ...real, link };
});

let folder: string;
let directory: string;

beforeEach(async () => {
  links.code = undefined;
  folder = await mkdtemp(join(tmpdir(), "rolecall-odd-files-"));
  directory = join(folder, "a", "sessions");
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
});

const lockFile = () => join(directory, `${KEY}.lock`);
const isLocked = async (store: FileStore) => (await store.lock?.(KEY, MINUTE)) === undefined;

describe.each(["EPERM", "ENOTSUP", "ENOSYS"])("a file system without hard links (%s)", (code) => {
  it.each(storeContract({ open: () => createMemoryStore() }).map(({ name }) => name))(
    "the file store %s",
    async (name) => {
      links.code = code;
      const cases = storeContract({ open: () => fileStore({ directory }) });
      await cases.find((one) => one.name === name)?.run();
      const names = () => readdir(directory).catch(() => []);
      await expect.poll(async () => (await names()).filter((file) => file.endsWith(".tmp"))).toEqual([]);
    },
  );

  it("never shows a lock before its owner and expiry are in it", async () => {
    links.code = code;
    const store = fileStore({ directory });
    await store.lock?.(KEY, MINUTE);
    // As if between the copy and its timestamp: the contents decide when a lock ends.
    await utimes(lockFile(), new Date(), new Date());
    expect(await isLocked(store)).toBe(true);
    // As if before the first byte.
    await writeFile(lockFile(), "");
    expect(await isLocked(store)).toBe(true);
  });
});

describe.runIf(process.platform !== "win32")("a umask that removes all permissions", () => {
  it("leaves the owner's access to the directory and files", async () => {
    const umask = process.umask(0o777);
    onTestFinished(() => void process.umask(umask));
    const store = fileStore({ directory });
    await store.set(KEY, "record", MINUTE);
    const lock = await store.lock?.(KEY, MINUTE);
    const modes = [dirname(directory), directory, join(directory, `${KEY}.session`), lockFile()];
    expect(modes.map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(["700", "700", "600", "600"]);
    expect(await store.get(KEY)).toBe("record");
    await lock?.release();
    expect(existsSync(lockFile())).toBe(false);
  });
});

describe("after the clock was set back,", () => {
  /** Simulates a machine whose clock was ahead by `ms` when the files were written. */
  const setBack = (ms: number) => {
    const now = Date.now.bind(Date);
    vi.spyOn(Date, "now").mockImplementation(() => now() - ms);
    onTestFinished(() => void vi.restoreAllMocks());
  };

  it("a lock from the future is taken over, although its owner is running", async () => {
    const store = fileStore({ directory });
    await store.lock?.(KEY, MINUTE);
    expect(await isLocked(store)).toBe(true);
    setBack(2 * HOUR);
    expect(await isLocked(store)).toBe(false);
  });

  it("sweeps continue, and delete files that expire later than any session can", async () => {
    const store = fileStore({ directory });
    await store.set(KEY, "record", MINUTE);
    await expect.poll(() => readdir(directory)).toContain("swept");
    const stamp = (name: string, time: number) => utimes(join(directory, name), new Date(time), new Date(time));
    const old = `${"o".repeat(43)}.session`;
    await writeFile(join(directory, old), "record", { mode: 0o600 });
    await stamp(old, Date.now() + 2 * DAY);
    await stamp("swept", Date.now() + DAY);
    await store.set(KEY, "record", MINUTE);
    await expect.poll(() => readdir(directory)).not.toContain(old);
    expect(await store.get(KEY)).toBe("record");
  });
});

it("one sweep checks at most a thousand files", async () => {
  const store = fileStore({ directory });
  await store.set(KEY, "record", MINUTE);
  await expect.poll(() => readdir(directory)).toContain("swept");
  const past = new Date(Date.now() - HOUR);
  const names = Array.from({ length: 1500 }, (_, index) => `${`${index}`.padStart(43, "x")}.session`);
  for (const name of names) {
    await writeFile(join(directory, name), "", { mode: 0o600 });
    await utimes(join(directory, name), past, past);
  }
  await utimes(join(directory, "swept"), past, past);
  await store.set(KEY, "record", MINUTE);
  const count = async () => (await readdir(directory)).length;
  // The session that is still valid may be among the thousand.
  await expect.poll(count, { timeout: 20_000 }).toBeLessThanOrEqual(503);
  expect(await store.get(KEY)).toBe("record");
  expect(await count()).toBeGreaterThanOrEqual(502);
});
