import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startLocalAws } from "../../src/testing/index.js";
import { buildLibrary } from "../support/build-library.js";

const ROLE = "arn:aws:iam::123456789012:role/integrations/Inventory";

let built: Awaited<ReturnType<typeof buildLibrary>>;
beforeAll(async () => {
  built = await buildLibrary({ cli: "cli/index.ts" });
});
afterAll(() => built.remove());

/** `script` from util-linux, which runs a program in a terminal. */
const hasTerminal = (() => {
  try {
    execFileSync("script", ["-qec", "true", "/dev/null"], { stdio: "ignore" });
    return true;
  } catch {
    console.log("Without util-linux's script: no program is run in a terminal");
    return false;
  }
})();
/** In milliseconds: a busy machine may take long to run a program. */
const PATIENCE = { timeout: 30_000 };

const hasSignals = process.platform !== "win32";
if (!hasSignals) console.log("On Windows: no program sends signals to rolecall");

const hasProcessList = process.platform === "linux";
if (!hasProcessList) console.log("Not on Linux: the token is not looked for in /proc");

/** Says `ready` and its process id, and each signal that it gets. Ends with 7 after SIGTERM, or at the end of its input. */
const LISTENER = `
for (const name of ["SIGINT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"]) process.on(name, () => {
  console.log(name);
  if (name === "SIGTERM") process.exit(7);
});
process.stdin.on("data", (text) => console.log("input: " + text)).on("end", () => process.exit(0));
console.log("ready " + process.pid + " " + process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI + " " + process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN);
`;

async function setUp() {
  const aws = await startLocalAws({ region: "eu-central-1", roles: [{ roleArn: ROLE }] });
  onTestFinished(() => aws.close());
  const env = {
    ...aws.env,
    PATH: process.env.PATH,
    AWS_REGION: "eu-central-1",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const args = [`${built.folder}/cli.mjs`, "exec", ROLE, "--store", "none", "--"];
  const start = (...program: string[]) => spawn(process.execPath, [...args, ...program], { env, stdio: "pipe" });
  return { aws, env, args, start };
}

/** A program that listens, once it is ready. */
async function listening(start: (...program: string[]) => ChildProcess) {
  const running = start(process.execPath, "-e", LISTENER);
  const { stdin, stdout } = running;
  if (!stdin || !stdout) throw new Error("no pipes");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const nextLine = async () => (await lines.next()).value as string | undefined;
  const [, pid = "", uri = "", token = ""] = (await nextLine())?.split(" ") ?? [];
  return { running, stdin, nextLine, pid: Number(pid), uri, token };
}

const statusOf = (uri: string, authorization: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(uri, { headers: { authorization } }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });

describe("a program in rolecall exec", () => {
  it.each([
    ["its exit code", ["-e", "process.exit(42)"], 42],
    ["success", ["-e", ""], 0],
    ["128 and the number of the signal that ended it", ["-e", "process.kill(process.pid, 'SIGKILL')"], 137],
  ])("gives %s to the caller", async (_, program, expected) => {
    const { start } = await setUp();
    const [code] = await once(start(process.execPath, ...program), "exit");
    expect(code).toBe(expected);
  });

  it.each([
    ["no-such-program", 127, "it was not found"],
    ["./package.json", 126, "EACCES"],
    ["./package.json/program", 126, "ENOTDIR"],
  ])("that can't be run is named: %s", async (program, expected, reason) => {
    const { start } = await setUp();
    const running = start(program);
    let errors = "";
    running.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    const [code] = await once(running, "close");
    expect({ code, errors }).toEqual({ code: expected, errors: `Can't run "${program}": ${reason}.\n` });
  });

  it("has the input and the output of rolecall", async () => {
    const { start } = await setUp();
    const { running, stdin, nextLine } = await listening(start);
    stdin.write("hello");
    expect(await nextLine()).toBe("input: hello");
    stdin.end();
    expect(await once(running, "exit")).toEqual([0, null]);
  });

  it.runIf(hasProcessList)("has an input that waits, which programs in most languages rely on", async () => {
    const { start } = await setUp();
    const program = `trap 'grep flags /proc/self/fdinfo/0; exit' USR1; echo ready; while :; do sleep 0.05; done`;
    const running = start("sh", "-c", program);
    const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
    running.kill("SIGUSR1"); // passed on only after rolecall has looked at its own input
    const [, flags = ""] = String((await lines.next()).value).split(/\s+/);
    expect(Number.parseInt(flags, 8) & constants.O_NONBLOCK).toBe(0);
    expect(flags).toMatch(/^0[0-7]+$/);
    await once(running, "exit");
  });

  it("gets the signals that rolecall gets, and rolecall ends after it", async () => {
    const { start } = await setUp();
    const { running, nextLine } = await listening(start);
    for (const signal of ["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGINT", "SIGTERM"] as const) {
      running.kill(signal);
      expect(await nextLine()).toBe(signal);
    }
    expect(await once(running, "exit")).toEqual([7, null]);
  });

  it.runIf(hasSignals)("gets a signal that comes as it starts", async () => {
    const { start } = await setUp();
    for (let times = 0; times < 5; times++) {
      const running = start("sh", "-c", "trap 'exit 7' TERM; kill -TERM $PPID; while :; do sleep 0.05; done");
      expect(await once(running, "exit")).toEqual([7, null]);
    }
  });

  it.runIf(hasTerminal)("gets each Ctrl+C in a terminal once, and can go on", async () => {
    const { env, args } = await setUp();
    const program = `process.on("SIGINT", () => console.log("interrupted")); console.log("ready " + process.stdin.isTTY); process.stdin.on("data", () => process.exit(3));`;
    const command = ["exec", process.execPath, ...args, process.execPath, "-e", `'${program}'`].join(" ");
    const terminal = spawn("script", ["-qec", command, "/dev/null"], { env, stdio: "pipe" });
    let output = "";
    terminal.stdout.on("data", (chunk) => {
      output += chunk;
    });
    await vi.waitFor(() => expect(output).toContain("ready true"), PATIENCE);
    for (let times = 1; times <= 5; times++) {
      terminal.stdin.write("\u0003");
      await vi.waitFor(() => expect(output.match(/interrupted/g)?.length).toBeGreaterThanOrEqual(times), PATIENCE);
    }
    terminal.stdin.write("\n");
    const [code] = await once(terminal, "close");
    expect(output.match(/interrupted/g)).toHaveLength(5);
    expect(code).toBe(3);
  });

  it.runIf(hasProcessList)("has a token that no process's command line shows", async () => {
    const { start } = await setUp();
    const { running, stdin, token } = await listening(start);
    expect(token).toMatch(/^[\w-]{43}$/);
    const commandLines = await listCommandLines();
    expect(commandLines.filter((line) => line.includes("rolecall") || line.includes("exec"))).not.toEqual([]);
    expect(commandLines.filter((line) => line.includes(token))).toEqual([]);
    stdin.end();
    await once(running, "exit");
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("ends its endpoint when it ends by %s", async (signal) => {
    const { start } = await setUp();
    const { running, pid, uri, token } = await listening(start);
    expect(await statusOf(uri, token)).toBe(200);
    process.kill(pid, signal);
    await once(running, "exit");
    await expect(statusOf(uri, token)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("loses its endpoint if rolecall is killed", async () => {
    const { start } = await setUp();
    const { running, pid, uri, token } = await listening(start);
    running.kill("SIGKILL");
    await once(running, "exit");
    await expect(statusOf(uri, token)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    process.kill(pid, "SIGKILL");
  });

  it("does not keep rolecall alive by a child that it leaves behind", async () => {
    const { start } = await setUp();
    const leave = `const { pid } = require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { detached: true, stdio: "ignore" }); console.log(pid); process.exit(5);`;
    const running = start(process.execPath, "-e", leave);
    let output = "";
    running.stdout.on("data", (chunk) => {
      output += chunk;
    });
    expect(await once(running, "close")).toEqual([5, null]);
    process.kill(Number(output), "SIGKILL");
  });
});

async function listCommandLines(): Promise<string[]> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = processes.map((name) => readFile(`/proc/${name}/cmdline`, "utf8").catch(() => ""));
  const listed = await new Promise<string>((resolve) => {
    execFile("ps", ["-ww", "-A", "-o", "args"], (error, output) => resolve(error ? "" : output));
  });
  return [...(await Promise.all(lines)), ...listed.split("\n")];
}
