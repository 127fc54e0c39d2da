import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { onTestFinished } from "vitest";
import type { RedisClient } from "../../src/store/redis-store.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";

export { hasRedis } from "./redis-server.js";

/** A Redis for one test. */
export async function startRedis(): Promise<RedisServer> {
  const server = await startRedisServer();
  onTestFinished(() => server.remove());
  return server;
}

/** How each of the two packages creates a client, as in its documentation. */
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

/** An interceptor between a client and its Redis. */
export interface Interceptor {
  readonly port: number;
  /** `pass` forwards everything, `swallow` accepts everything without a reply, `garble` replies with garbage. */
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
