import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.js";

/** Whether a real Redis can be started. CI must have one. */
export const hasRedis = ["redis-server", "redis-cli"].every((name) => spawnSync(name, ["--version"]).status === 0);
if (!hasRedis) {
  const need = "They need redis-server and redis-cli (Debian: apt-get install redis-server).";
  if (process.env.CI) throw new Error(`The tests with Redis cannot run. ${need}`);
  console.warn(`NOT RUN: the tests with Redis. ${need}`);
}

export interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
  /** Starts it again on the same port. It is empty, and has the configuration that it saved. */
  start(): Promise<void>;
  /** Runs one command with `redis-cli` and returns its output. */
  cli(...command: string[]): Promise<string>;
  /** Stops it permanently. */
  remove(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const READY = /Ready to accept connections|Sentinel ID is/;

/** A test Redis on loopback, by default on a free port. It does not save keys to disk. */
export async function startRedisServer(config: readonly string[] = [], port?: number): Promise<RedisServer> {
  const ownPort = port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), "rolecall-redis-"));
  const file = join(folder, "redis.conf");
  const basics = [`port ${ownPort}`, `bind ${LOOPBACK}`, `dir ${folder}`];
  await writeFile(file, [...basics, ...config, ""].join("\n"));
  const mode = config.some((line) => line.startsWith("sentinel ")) ? ["--sentinel"] : ["--save", ""];

  let server: ChildProcess | undefined;
  const start = async () => {
    server = spawn("redis-server", [file, ...mode], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    for await (const text of server.stdout ?? []) {
      printed += text;
      if (READY.test(printed)) break;
    }
    if (!READY.test(printed)) throw new Error(`redis-server on port ${ownPort} did not start: ${printed}`);
    server.stdout?.resume();
  };
  const stop = async () => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };
  const cli = async (...command: string[]) => {
    const { stdout } = await promisify(execFile)("redis-cli", ["-h", LOOPBACK, "-p", `${ownPort}`, ...command]);
    return stdout.trim();
  };
  const remove = async () => {
    await stop();
    await rm(folder, { recursive: true });
  };
  await start();
  return { port: ownPort, start, stop, cli, remove };
}
