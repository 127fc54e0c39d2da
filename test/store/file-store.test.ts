import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { defaultDirectory } from "../../src/store/default-directory.js";
import { type FileStoreOptions, fileStore } from "../../src/store/file-store.js";
import { HOUR, MINUTE } from "../support/local.js";

const KEY = "k".repeat(43);
const OTHER_KEY = "o".repeat(43);
let directory: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-file-store-"));
  directory = join(folder, "a", "sessions");
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("the directory", () => {
  it.each<[string, unknown]>([
    ["options.directory", { directory: "" }],
    ["options.directory", { directory: 7 }],
    ["options.directory", { directory: "a\0b" }],
    ["options.encryptionKeys", { encryptionKeys: "key" }],
    ["options.dir", { dir: "x" }],
  ])("is rejected with an error that names the option: %s", (field, options) => {
    expect(() => fileStore(options as FileStoreOptions)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field }),
    );
  });

  it.each([
    ["linux", {}, join(homedir(), ".cache")],
    ["linux", { XDG_CACHE_HOME: "/var/cache/me" }, "/var/cache/me"],
    ["linux", { XDG_CACHE_HOME: "relative" }, join(homedir(), ".cache")],
    ["darwin", { XDG_CACHE_HOME: "/var/cache/me" }, join(homedir(), "Library", "Caches")],
    ["win32", { LOCALAPPDATA: "/local" }, "/local"],
    ["win32", {}, join(homedir(), "AppData", "Local")],
  ] as const)("is in the platform's cache folder by default: %s %j", (platform, env, parent) => {
    expect(defaultDirectory(platform, env)).toBe(join(parent, "aws-rolecall", "sessions"));
  });

  it("is created with the first session, accessible only to its owner, regardless of the umask", async () => {
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const store = fileStore({ directory });
    expect(await store.get(KEY)).toBeUndefined();
    expect(await store.list()).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    await store.set(KEY, "record", MINUTE);
    expect(modeOf(directory)).toBe(0o700);
    expect(modeOf(join(directory, `${KEY}.session`))).toBe(0o600);
    await store.lock?.(KEY, MINUTE);
    expect(modeOf(join(directory, `${KEY}.lock`))).toBe(0o600);
  });

  it.each([0o750, 0o701, 0o777])("is rejected if other users can access it: mode %o", async (mode) => {
    await fileStore({ directory }).set(KEY, "record", MINUTE);
    await chmod(directory, mode);
    expect(() => fileStore({ directory })).toThrow(
      expect.objectContaining({
        code: "INVALID_REQUEST",
        field: "options.directory",
        hint: expect.stringContaining(`chmod 700 ${directory}`),
      }),
    );
  });

  it("is rejected if another user creates it before the first session is stored", async () => {
    const store = fileStore({ directory });
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o777);
    await expect(store.set(KEY, "record", MINUTE)).rejects.toThrow(
      /must be accessible only to this user: .* has mode 777/,
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it("is rejected if it is a file", async () => {
    const store = fileStore({ directory });
    await mkdir(join(directory, ".."), { recursive: true });
    await writeFile(directory, "a file");
    await expect(store.get(KEY)).rejects.toMatchObject({ name: "StoreError", code: "ENOTDIR" });
    await expect(store.set(KEY, "record", MINUTE)).rejects.toThrow(/is not a directory/);
    expect(() => fileStore({ directory })).toThrow(expect.objectContaining({ field: "options.directory" }));
  });

  it.runIf(process.getuid?.() === 0)("is rejected if it belongs to another user", async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const chown = spawnSync("chown", ["12345", directory]);
    expect(chown.status).toBe(0);
    expect(() => fileStore({ directory })).toThrow(/belongs to user 12345 and has mode 700/);
  });
});

describe("the files", () => {
  it("are rejected if other users can write or read them", async () => {
    const store = fileStore({ directory });
    await store.set(KEY, "record", MINUTE);
    await chmod(join(directory, `${KEY}.session`), 0o644);
    await expect(store.get(KEY)).rejects.toThrow(/is accessible to other users\. Delete it\./);
  });

  it("are not read if they are links or too large", async () => {
    const store = fileStore({ directory });
    await store.set(OTHER_KEY, "record", MINUTE);
    await symlink(join(directory, `${OTHER_KEY}.session`), join(directory, `${KEY}.session`));
    await expect(store.get(KEY)).rejects.toMatchObject({ name: "StoreError", code: "ELOOP" });
    await store.set(KEY, "x".repeat(70_000), MINUTE);
    await expect(store.get(KEY)).rejects.toThrow(/too large/);
  });

  it.each(["../../etc/passwd", "", `${KEY}/`, "k".repeat(44)])("are never named by another key: %j", async (key) => {
    const store = fileStore({ directory });
    for (const use of [
      () => store.get(key),
      () => store.set(key, "x", 1),
      () => store.delete(key),
      () => store.lock?.(key, 1),
    ]) {
      await expect(use()).rejects.toMatchObject({ name: "StoreError" });
    }
  });

  it("leave no temporary file behind, even if they cannot be written", async () => {
    const store = fileStore({ directory });
    await store.set(KEY, "record", MINUTE);
    await store.lock?.(KEY, MINUTE);
    await store.lock?.(KEY, MINUTE);
    await store.delete(KEY, "record");
    await mkdir(join(directory, `${OTHER_KEY}.session`));
    await expect(store.set(OTHER_KEY, "record", MINUTE)).rejects.toMatchObject({ name: "StoreError" });
    await rm(join(directory, `${OTHER_KEY}.session`), { recursive: true, maxRetries: 10 });
    expect((await readdir(directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("can be unavailable in a test runner's sandbox, which has a different Error class", async () => {
    vi.stubGlobal("Error", runInNewContext("Error"));
    onTestFinished(() => void vi.unstubAllGlobals());
    const store = fileStore({ directory });
    expect(await store.get(KEY)).toBeUndefined();
    await store.set(KEY, "record", MINUTE);
    expect(await store.get(KEY)).toBe("record");
    expect(await store.lock?.(KEY, MINUTE)).toBeDefined();
    expect(await store.lock?.(KEY, MINUTE)).toBeUndefined();
  });

  it("are swept after they expire, at most every ten minutes, while other files stay", async () => {
    const store = fileStore({ directory });
    await store.set(KEY, "record", MINUTE);
    const swept = async () => (await readdir(directory)).includes("swept");
    await expect.poll(swept).toBe(true);
    const past = new Date(Date.now() - HOUR);
    const foreign = ["draft.tmp", "notes.txt", "telegram.session", "yarn.lock"];
    const expired = [`${OTHER_KEY}.session`, `${OTHER_KEY}.lock`, `${randomUUID()}.tmp`, ...foreign];
    for (const name of expired) {
      await writeFile(join(directory, name), "old", { mode: 0o600 });
      await utimes(join(directory, name), past, past);
    }
    await store.set(KEY, "record", MINUTE);
    expect(await readdir(directory)).toEqual(expect.arrayContaining(expired));
    await utimes(join(directory, "swept"), past, past);
    await store.set(KEY, "record", MINUTE);
    const left = [`${KEY}.session`, ...foreign, "swept"].sort();
    await expect.poll(async () => (await readdir(directory)).sort()).toEqual(left);
    expect(await store.clear()).toBe(1);
    expect((await readdir(directory)).sort()).toEqual([...foreign, "swept"].sort());
  });
});
