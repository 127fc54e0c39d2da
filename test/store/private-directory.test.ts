import { statSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { StoreError } from "../../src/store/credential-store.js";
import { PrivateDirectory } from "../../src/store/private-directory.js";

const isOurs = (name: string) => name.endsWith(".session");
const NAME = "one.session";
/** Whole seconds, since some file systems keep no fractions. */
const EXPIRES = Date.UTC(2026, 0, 1);

let path: string;
let directory: PrivateDirectory;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-private-directory-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  path = join(folder, "a", "b");
  directory = new PrivateDirectory(path, isOurs);
});

const fileOf = (text: string, expires = EXPIRES) => ({ text, expires });

describe("a directory that does not exist", () => {
  it("is empty: nothing can be read, listed or removed, and nothing is created", async () => {
    expect(await directory.read(NAME)).toBeUndefined();
    expect(await directory.readExpiry(NAME)).toBeUndefined();
    expect(await directory.names()).toEqual([]);
    expect(await directory.remove(NAME)).toBe(false);
    expect(await directory.removeIf(NAME, () => true)).toBe(false);
    expect(() => statSync(path)).toThrow("ENOENT");
  });

  it("is created with its parents at the first write, for this user alone", async () => {
    await directory.write(NAME, fileOf("text"));
    for (const created of [path, join(path, "..")]) expect(statSync(created).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, NAME)).mode & 0o777).toBe(0o600);
  });
});

describe("a file", () => {
  it("returns its text and the time at which it expires", async () => {
    await directory.write(NAME, fileOf("text"));
    expect(await directory.read(NAME)).toEqual({ ...fileOf("text"), changed: expect.any(Number) });
    expect(await directory.readExpiry(NAME)).toBe(EXPIRES);
  });

  it("is replaced as a whole, and no temporary file is left", async () => {
    await directory.write(NAME, fileOf("a long text"));
    await directory.write(NAME, fileOf("short", EXPIRES + 1000));
    expect(await directory.read(NAME)).toMatchObject(fileOf("short", EXPIRES + 1000));
    expect(await directory.names()).toEqual([NAME]);
  });

  it("is created once, by one of many who try", async () => {
    const created = await Promise.all(
      Array.from({ length: 10 }, (_, index) => directory.create(NAME, fileOf(`${index}`))),
    );
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await directory.read(NAME)).toMatchObject({ text: `${created.indexOf(true)}` });
    expect(await directory.names()).toEqual([NAME]);
  });

  it("is removed once", async () => {
    await directory.write(NAME, fileOf("text"));
    expect([await directory.remove(NAME), await directory.remove(NAME)]).toEqual([true, false]);
  });

  it("is not read if other users can read or write it", async () => {
    await directory.write(NAME, fileOf("text"));
    await chmod(join(path, NAME), 0o640);
    await expect(directory.read(NAME)).rejects.toThrow(`${NAME} in ${path} is accessible to other users. Delete it.`);
  });

  it("is not read if it is a link, a directory or too large", async () => {
    await directory.write("target.session", fileOf("text"));
    await symlink(join(path, "target.session"), join(path, "link.session"));
    await mkdir(join(path, "folder.session"));
    await directory.write("large.session", fileOf(""));
    await truncate(join(path, "large.session"), 3 * 16_384 + 1);
    for (const name of ["link.session", "folder.session", "large.session"]) {
      await expect(directory.read(name)).rejects.toThrow(StoreError);
    }
  });
});

describe("a removal under a condition", () => {
  it("leaves a file that does not match", async () => {
    await directory.write(NAME, fileOf("text"));
    expect(await directory.removeIf(NAME, ({ text }) => text === "other")).toBe(false);
    expect(await directory.read(NAME)).toMatchObject({ text: "text" });
  });

  it("removes a file that matches, and leaves nothing", async () => {
    await directory.write(NAME, fileOf("text"));
    expect(await directory.removeIf(NAME, ({ text, expires }) => text === "text" && expires === EXPIRES)).toBe(true);
    expect(await readdir(path)).toEqual([]);
  });

  it("puts a file back that another process replaced after the check", async () => {
    await directory.write(NAME, fileOf("old"));
    await directory.write("next.tmp", fileOf("new"));
    const replace = () => {
      process.getBuiltinModule("node:fs").renameSync(join(path, "next.tmp"), join(path, NAME));
      return true;
    };
    expect(await directory.removeIf(NAME, replace)).toBe(false);
    expect(await directory.read(NAME)).toMatchObject(fileOf("new"));
    expect(await directory.names()).toEqual([NAME]);
  });

  it("succeeds for one of many who try", async () => {
    await directory.write(NAME, fileOf("text"));
    const removed = await Promise.all(Array.from({ length: 10 }, () => directory.removeIf(NAME, () => true)));
    expect(removed.filter(Boolean)).toHaveLength(1);
    expect(await directory.names()).toEqual([]);
  });
});

describe("a path that cannot be used", () => {
  it("is rejected when the store is created, if other users can access it", async () => {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
    expect(() => new PrivateDirectory(path, isOurs)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: "options.directory" }),
    );
  });

  it("is rejected at the first write or before, if a file has the name of one of its parents", async () => {
    const file = join(path, "..", "..", "file");
    await writeFile(file, "");
    // Node 22 and later report such a path as one that does not exist.
    const use = async () => new PrivateDirectory(join(file, "sessions"), isOurs).write(NAME, fileOf("text"));
    await expect(use()).rejects.toThrow("ENOTDIR");
  });

  it("is rejected at the first write, if it was created for everybody meanwhile", async () => {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o777);
    await expect(directory.write(NAME, fileOf("text"))).rejects.toMatchObject({ field: "options.directory" });
    expect(await readdir(path)).toEqual([]);
  });

  it("is named with the system's error code", async () => {
    await directory.write(NAME, fileOf("text"));
    await mkdir(join(path, "folder.session"));
    const failed = directory.write("folder.session", fileOf("text"));
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(/^Cannot write a session in .*: E[A-Z]+\. Check the directory\.$/),
      code: expect.stringMatching(/^E[A-Z]+$/),
    });
  });
});
