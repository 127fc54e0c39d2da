import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { fileStore } from "../../src/store/file-store.js";
import { newEncryptionKey, newEncryptionKeyText } from "../support/encryption-key.js";
import { OTHER_ROLE, ROLE, setUpLocal } from "../support/local.js";
import { runRolecall } from "./run-rolecall.js";

let directory: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-cache-"));
  directory = join(folder, "sessions");
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
});

describe("a directory whose name controls a terminal", () => {
  const NAME = "a\u001b[2Jb";
  const SHOWN = "a\\u001b[2Jb";
  const inside = (...names: string[]) => join(directory, "..", ...names);
  const run = (command: string, path: string) => runRolecall(["cache", command, "--directory", path]);

  it.each(["list", "clear"])("is shown with escapes by %s", async (command) => {
    const { code, output } = await run(command, inside(NAME));
    expect(code).toBe(0);
    expect(output).toContain(SHOWN);
    expect(output).not.toContain(NAME);
  });

  it("is shown with escapes in the errors about it", async () => {
    await writeFile(inside("file"), "");
    await writeFile(inside(NAME), "");
    await mkdir(inside("open"));
    await mkdir(inside("open", NAME));
    await chmod(inside("open", NAME), 0o755);
    for (const path of [inside("file", NAME), inside(NAME), inside("open", NAME)]) {
      const { code, errors } = await run("list", path);
      expect(code).toBe(1);
      expect(errors).toContain(SHOWN);
      expect(errors).not.toContain(NAME);
    }
  });
});

describe("rolecall cache", () => {
  const encryptionKey = newEncryptionKeyText();

  const run = (args: string[], env: Record<string, string> = {}) =>
    runRolecall(["cache", ...args, "--directory", directory], env);

  it("lists role, account and expiry without secrets, and clears the store", async () => {
    const { aws, resolver } = await setUpLocal({ resolver: { store: fileStore({ directory }) } });
    const session = await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" });
    await resolver.resolve({ roleArn: OTHER_ROLE, region: "eu-central-1" });
    const { code, output, errors } = await run(["list"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    const lines = output.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^KEY +ACCOUNT +EXPIRES +ROLE$/);
    expect(
      lines
        .slice(1)
        .map((line) => line.split(/ +/).slice(1))
        .sort(),
    ).toEqual([
      ["123456789012", session.expiration?.toISOString(), ROLE],
      ["444455556666", session.expiration?.toISOString(), OTHER_ROLE],
    ]);
    for (const secret of [...aws.secrets(), session.accessKeyId]) expect(output).not.toContain(secret);
    expect(await run(["clear"])).toEqual({ code: 0, output: `Deleted 2 sessions from ${directory}\n`, errors: "" });
    expect(await run(["list"])).toEqual({ code: 0, output: `No sessions in ${directory}\n`, errors: "" });
    expect((await readdir(directory)).filter((name) => name !== "swept")).toEqual([]);
  });

  it("lists encrypted sessions with the keys from the environment", async () => {
    const { resolver } = await setUpLocal({
      resolver: { store: fileStore({ directory, encryptionKeys: [encryptionKey] }) },
    });
    await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" });
    expect((await run(["list"])).output).toMatch(
      /damaged, accessible to other users, or sealed with a key that is not in ROLECALL_ENCRYPTION_KEYS/,
    );
    const other = newEncryptionKey().export().toString("base64url");
    const { output } = await run(["list"], { ROLECALL_ENCRYPTION_KEYS: `${other},${encryptionKey}` });
    expect(output).toContain(`  ${ROLE}\n`);
    expect(await run(["list"], { ROLECALL_ENCRYPTION_KEYS: "short" })).toMatchObject({
      code: 1,
      output: "",
      errors: expect.stringContaining("options.encryptionKeys[0] is invalid"),
    });
  });

  describe.runIf(process.platform !== "win32")("a directory that other users can access", () => {
    const open = async (mode = 0o755) => {
      await mkdir(directory, { recursive: true });
      await chmod(directory, mode);
    };

    it("can be fixed with the suggested command if it contains only sessions", async () => {
      const { resolver } = await setUpLocal({ resolver: { store: fileStore({ directory }) } });
      await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" });
      await open();
      const { code, output, errors } = await run(["clear"]);
      expect({ code, output }).toEqual({ code: 1, output: "" });
      expect(errors).toContain(`Run "chmod 700 ${directory}"`);
    });

    it.each([
      ["it is empty, as a mount point can be", async () => open()],
      ["it contains other files", async () => open().then(() => writeFile(join(directory, "hosts"), ""))],
      [
        "it contains other files next to sessions",
        async () => {
          await fileStore({ directory }).set("k".repeat(43), "record", 60_000);
          await writeFile(join(directory, "hosts"), "");
          await open();
        },
      ],
      ["it has a sticky bit, like /tmp", async () => open(0o1777)],
    ])("gets no command that changes it: %s", async (_, make) => {
      await make();
      const { code, output, errors } = await run(["list"]);
      expect({ code, output }).toEqual({ code: 1, output: "" });
      expect(errors).toContain("Use a directory that only this user can access");
      expect(errors).not.toContain("chmod");
    });

    it.each(["/tmp", "/etc", "/", "/usr/bin", "/var"])(
      "is never changed by the suggestion if it is %s",
      async (path) => {
        const { code, output, errors } = await runRolecall(["cache", "list", "--directory", path]);
        expect({ code, output }).toEqual({ code: 1, output: "" });
        expect(errors).toContain("Use a directory that only this user can access");
        expect(errors).not.toContain("chmod");
      },
    );

    it("gets no suggested command if its path needs quoting in a shell", async () => {
      directory = join(directory, "x; touch y");
      await fileStore({ directory }).set("k".repeat(43), "record", 60_000);
      await open();
      const { errors } = await run(["list"]);
      expect(errors).toContain("Set its mode to 700");
      expect(errors).not.toContain("chmod");
    });
  });

  it("lists a file that other users could have written without its contents", async () => {
    const { resolver } = await setUpLocal({ resolver: { store: fileStore({ directory }) } });
    await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" });
    const [name = ""] = (await readdir(directory)).filter((file) => file.endsWith(".session"));
    await chmod(join(directory, name), 0o644);
    const { code, output, errors } = await run(["list"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toContain(`${name.replace(".session", "")}  (damaged, accessible to other users, or`);
  });

  it("says why a directory cannot be used", async () => {
    const { code, output, errors } = await runRolecall(["cache", "list", "--directory", "/etc/passwd/sessions"]);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    // Node 22 reports a path through a file as missing until the directory is read.
    expect(errors).toMatch(/^[^\n]*\/etc\/passwd\/sessions: ENOTDIR\. (Set a directory|Check the directory)[^\n]*\n$/);
  });

  it("treats an empty list of keys as no keys", async () => {
    expect(await run(["list"], { ROLECALL_ENCRYPTION_KEYS: "" })).toMatchObject({ code: 0, errors: "" });
  });

  it.each([[["show"]], [[]], [["list", "more"]], [["list", "--all"]]])("rejects other arguments: %j", async (args) => {
    expect(await run(args)).toMatchObject({ code: 2, output: "", errors: expect.stringContaining("rolecall cache") });
  });
});
