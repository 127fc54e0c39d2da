import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { onTestFinished } from "vitest";
import type { RedisClient } from "../../src/store/redis-store.js";
import { freePort } from "./free-port.js";

/** Whether a real Redis can be started. CI must have one. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
if (!hasRedis) {
  if (process.env.CI) throw new Error("There is no redis-server. Debian has it: apt-get install redis-server");
  console.warn("NOT RUN: the tests with Redis, since there is no redis-server (Debian: apt-get install redis-server).");
}

export interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
  /** Again on the same port, empty. */
  start(): Promise<void>;
}

/** A Redis of the test's own, on a free port of loopback, that keeps nothing on disk. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "rolecall-redis-"));
  let server: ChildProcess | undefined;
  const start = async () => {
    const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
    server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of server.stdout ?? []) if (String(line).includes("Ready to accept connections")) break;
    server.stdout?.resume();
  };
  const stop = async () => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };
  await start();
  onTestFinished(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });
  return { port, start, stop };
}

/** How each of the two packages makes a client, as its documentation shows it. */
export const CLIENTS = {
  async "node-redis"(port: number) {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on("error", () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  },
  async ioredis(port: number) {
    const client = new Redis(port, "127.0.0.1");
    client.on("error", () => {});
    await once(client, "ready");
    onTestFinished(() => client.disconnect());
    return client;
  },
} satisfies Record<string, (port: number) => Promise<RedisClient>>;

export type ClientName = keyof typeof CLIENTS;
export const CLIENT_NAMES = Object.keys(CLIENTS) as ClientName[];

/** What stands between a client and its Redis. */
export interface Interceptor {
  readonly port: number;
  /** `pass` passes all on, `swallow` takes all and answers nothing, `garble` answers everything with something else. */
  mode: "pass" | "swallow" | "garble";
}

export async function startInterceptor(target: number): Promise<Interceptor> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(target, "127.0.0.1");
    for (const end of [socket, onward]) {
      open.add(end);
      end.on("error", () => {}).on("close", () => [socket, onward].map((one) => one.destroy()));
    }
    socket.on("data", (data) => {
      if (interceptor.mode === "pass") onward.write(data);
      if (interceptor.mode === "garble") socket.write("*2\r\n:1\r\n$7\r\ngarbage\r\n");
    });
    onward.on("data", (data) => interceptor.mode === "pass" && socket.write(data));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const interceptor: Interceptor = { port: (server.address() as AddressInfo).port, mode: "pass" };
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return interceptor;
}
