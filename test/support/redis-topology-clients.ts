import { once } from "node:events";
import { Cluster, Redis } from "ioredis";
import { createCluster, createSentinel } from "redis";
import type { RedisClient } from "../../src/store/redis-store.js";
import { type RedisTopology, SENTINEL_NAME, startRedisCluster, startRedisSentinels } from "./redis-topologies.js";

export type PackageName = "node-redis" | "ioredis";

interface Connected {
  readonly client: RedisClient;
  close(): unknown;
}

interface Deployment {
  start(): Promise<RedisTopology>;
  /** How each of the two packages creates a client, as in its documentation. */
  readonly clients: Record<PackageName, (ports: readonly number[]) => Promise<Connected>>;
}

export const nodesAt = (ports: readonly number[]) => ports.map((port) => ({ host: "127.0.0.1", port }));

export const DEPLOYMENTS: Record<"cluster" | "sentinels", Deployment> = {
  cluster: {
    start: startRedisCluster,
    clients: {
      async "node-redis"(ports) {
        const rootNodes = nodesAt(ports).map((socket) => ({ socket }));
        const client = createCluster({ rootNodes, minimizeConnections: true });
        client.on("error", () => {});
        await client.connect();
        return { client, close: () => client.destroy() };
      },
      async ioredis(ports) {
        const client = new Cluster(nodesAt(ports));
        client.on("error", () => {});
        await once(client, "ready");
        return { client, close: () => client.disconnect() };
      },
    },
  },
  sentinels: {
    start: startRedisSentinels,
    clients: {
      async "node-redis"(ports) {
        const client = createSentinel({ name: SENTINEL_NAME, sentinelRootNodes: nodesAt(ports) });
        client.on("error", () => {});
        await client.connect();
        return { client, close: () => client.destroy() };
      },
      async ioredis(ports) {
        const client = new Redis({ sentinels: nodesAt(ports), name: SENTINEL_NAME });
        client.on("error", () => {});
        await once(client, "ready");
        return { client, close: () => client.disconnect() };
      },
    },
  },
};
