import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { fileStore } from "../../src/store/file-store.js";
import { HOUR } from "../support/local.js";

const KEY = "k".repeat(43);
let directory: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-file-lock-"));
  directory = join(folder, "sessions");
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
});

describe("a lock of the file store", () => {
  const lockFile = () => join(directory, `${KEY}.lock`);

  it("is taken over if its owner's process is gone", async () => {
    const store = fileStore({ directory });
    await store.lock?.(KEY, HOUR);
    expect(await store.lock?.(KEY, HOUR)).toBeUndefined();
    const gone = spawnSync(process.execPath, ["--print", "process.pid"]).stdout.toString().trim();
    const { mtime } = statSync(lockFile());
    await writeFile(lockFile(), (await readFile(lockFile(), "utf8")).replace(` ${process.pid} `, ` ${gone} `));
    await utimes(lockFile(), mtime, mtime);
    expect(await store.lock?.(KEY, HOUR)).toBeDefined();
  });

  it("is left until it expires if its owner is on another machine or container", async () => {
    const store = fileStore({ directory });
    await store.lock?.(KEY, HOUR);
    const { mtime } = statSync(lockFile());
    await writeFile(lockFile(), "another-boot pid:[1] 1 token");
    await utimes(lockFile(), mtime, mtime);
    expect(await store.lock?.(KEY, HOUR)).toBeUndefined();
    const past = new Date(Date.now() - 1);
    await utimes(lockFile(), past, past);
    expect(await store.lock?.(KEY, HOUR)).toBeDefined();
  });

  it("ends when it expires if it is damaged", async () => {
    const store = fileStore({ directory });
    await store.lock?.(KEY, HOUR);
    await writeFile(lockFile(), "");
    const future = new Date(Date.now() + HOUR);
    await utimes(lockFile(), future, future);
    expect(await store.lock?.(KEY, HOUR)).toBeUndefined();
  });
});
