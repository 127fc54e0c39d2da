import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, vi } from "vitest";
import { type RedisServer, startRedisServer } from "./redis-server.js";

const LOOPBACK = "127.0.0.1";
/** Milliseconds without a reply until a server counts as failed: longer than the delays on a busy machine. */
const DOWN_AFTER = 2000;
const PATIENCE = { timeout: 60_000, interval: 100 };

/** Several Redis servers that can replace one that fails. */
export interface RedisTopology {
  /** Where a client connects first. */
  readonly ports: readonly number[];
  /** The servers with keys: masters and replicas. */
  readonly servers: readonly RedisServer[];
  masters(): Promise<RedisServer[]>;
  /** A master with keys hands over to its replica, as before maintenance. */
  handOver(): Promise<void>;
  /**
   * Kills a master with keys after its replica has them. The returned function resolves when the replica is the master.
   */
  killMaster(): Promise<{ killed: RedisServer; failedOver: () => Promise<void> }>;
  remove(): Promise<void>;
}

const SHARDS = 3;
const SLOTS = 16_384;

/** A cluster of three shards, with a master and a replica each. */
export async function startRedisCluster(): Promise<RedisTopology> {
  const config = [
    "cluster-enabled yes",
    "cluster-config-file nodes.conf",
    `cluster-node-timeout ${DOWN_AFTER}`,
    "cluster-replica-validity-factor 0",
  ];
  const starting = Array.from({ length: 2 * SHARDS }, async () => startRedisServer(config, await portWithBus()));
  const servers = await Promise.all(starting);
  const masters = servers.slice(0, SHARDS);
  const replicas = servers.slice(SHARDS);
  const [first, ...others] = servers as [RedisServer, ...RedisServer[]];

  for (const [index, server] of servers.entries()) await server.cli("CLUSTER", "SET-CONFIG-EPOCH", `${index + 1}`);
  for (const [index, master] of masters.entries()) await master.cli("CLUSTER", "ADDSLOTS", ...slotsOf(index));
  for (const other of others) await first.cli("CLUSTER", "MEET", LOOPBACK, `${other.port}`);
  const all = async (info: string) => {
    for (const server of servers) expect(await server.cli("CLUSTER", "INFO")).toContain(info);
  };
  await vi.waitFor(() => all(`cluster_known_nodes:${servers.length}`), PATIENCE);
  for (const [index, replica] of replicas.entries()) {
    const id = (await masters[index]?.cli("CLUSTER", "MYID")) ?? "";
    await vi.waitFor(async () => expect(await replica.cli("CLUSTER", "REPLICATE", id)).toBe("OK"), PATIENCE);
  }
  await vi.waitFor(() => all("cluster_state:ok"), PATIENCE);
  await vi.waitFor(() => linked(replicas), PATIENCE);

  const isOk = async (now: readonly RedisServer[]) => {
    for (const server of now) expect(await server.cli("CLUSTER", "INFO")).toContain("cluster_state:ok");
  };
  const handOver = async (master: RedisServer) => {
    const replica = servers[(servers.indexOf(master) + SHARDS) % servers.length];
    expect(await replica?.cli("CLUSTER", "FAILOVER")).toBe("OK");
  };
  const ports = servers.map(({ port }) => port);
  return topology({ ports, servers, masterCount: SHARDS, handOver, isOk });
}

/** One range for each shard, like administrators configure it, because clients read the ranges repeatedly. */
function slotsOf(shard: number): string[] {
  const [from, to] = [shard, shard + 1].map((part) => Math.floor((part * SLOTS) / SHARDS)) as [number, number];
  return Array.from({ length: to - from }, (_, index) => `${from + index}`);
}

const SENTINELS = 3;
/** Milliseconds. By default the old master becomes a replica only after 8 seconds, four times the period of publishing. */
const SENTINEL_PERIODS = ["PUBLISH-PERIOD", "500", "INFO-PERIOD", "500"];
export const SENTINEL_NAME = "main";

/** A master and its replica, monitored by three sentinels. */
export async function startRedisSentinels(): Promise<RedisTopology> {
  const master = await startRedisServer();
  const replica = await startRedisServer([`replicaof ${LOOPBACK} ${master.port}`]);
  await vi.waitFor(() => linked([replica]), PATIENCE);
  const config = [
    `sentinel monitor ${SENTINEL_NAME} ${LOOPBACK} ${master.port} 2`,
    `sentinel down-after-milliseconds ${SENTINEL_NAME} ${DOWN_AFTER}`,
    `sentinel failover-timeout ${SENTINEL_NAME} ${5 * DOWN_AFTER}`,
  ];
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => startRedisServer(config)));
  // Redis 6 refuses, and takes longer.
  for (const sentinel of sentinels) await sentinel.cli("SENTINEL", "DEBUG", ...SENTINEL_PERIODS);
  const know = async () => {
    for (const sentinel of sentinels) {
      expect(await sentinel.cli("SENTINEL", "CKQUORUM", SENTINEL_NAME)).toMatch(/^OK 3 usable/);
      expect(await sentinel.cli("SENTINEL", "REPLICAS", SENTINEL_NAME)).toContain(`${replica.port}`);
    }
  };
  await vi.waitFor(know, PATIENCE);

  const isOk = async (now: readonly RedisServer[]) => {
    for (const sentinel of sentinels) {
      const [, port] = (await sentinel.cli("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SENTINEL_NAME)).split("\n");
      expect(now.map((server) => `${server.port}`)).toContain(port);
    }
  };
  const handOver = async () => {
    expect(await sentinels[0]?.cli("SENTINEL", "FAILOVER", SENTINEL_NAME)).toBe("OK");
  };
  const servers = [master, replica];
  const ports = sentinels.map(({ port }) => port);
  return topology({ ports, servers, others: sentinels, masterCount: 1, handOver, isOk });
}

function topology(parts: {
  ports: readonly number[];
  servers: readonly RedisServer[];
  others?: readonly RedisServer[];
  masterCount: number;
  handOver(master: RedisServer): Promise<void>;
  /** Rejects while clients would not be directed to these masters. */
  isOk(masters: readonly RedisServer[]): Promise<void>;
}): RedisTopology {
  const { ports, servers, others = [], masterCount, isOk } = parts;
  const inRole = async (role: "master" | "slave", among = servers) => {
    const roles = await Promise.all(among.map((server) => server.cli("ROLE").catch(() => "")));
    return among.filter((_, index) => roles[index]?.startsWith(role));
  };
  /** A master with keys, after its replica has all of them. */
  const holder = async () => {
    await vi.waitFor(async () => {
      const [masters, replicas] = await Promise.all([inRole("master"), inRole("slave")]);
      expect(replicas).toHaveLength(masters.length);
      await linked(replicas);
      expect(await keysOf(replicas)).toEqual(await keysOf(masters));
    }, PATIENCE);
    for (const master of await inRole("master")) if ((await master.cli("DBSIZE")) !== "0") return master;
    throw new Error("No master holds a key");
  };
  const replaced = (master: RedisServer, running: readonly RedisServer[]) =>
    vi.waitFor(async () => {
      const masters = await inRole("master", running);
      expect(masters).toHaveLength(masterCount);
      expect(masters).not.toContain(master);
      await isOk(masters);
    }, PATIENCE);
  return {
    ports,
    servers,
    masters: () => inRole("master"),
    async handOver() {
      const master = await holder();
      await parts.handOver(master);
      await replaced(master, servers);
    },
    async killMaster() {
      const killed = await holder();
      await killed.stop();
      const running = servers.filter((server) => server !== killed);
      return { killed, failedOver: () => replaced(killed, running) };
    },
    async remove() {
      await Promise.all([...others, ...servers].map((server) => server.remove()));
    },
  };
}

async function keysOf(servers: readonly RedisServer[]): Promise<string[]> {
  const keys = await Promise.all(servers.map(async (server) => (await server.cli("KEYS", "*")).split("\n")));
  return keys.flat().filter(Boolean).sort();
}

async function linked(replicas: readonly RedisServer[]) {
  for (const replica of replicas) {
    expect(await replica.cli("INFO", "replication")).toContain("master_link_status:up");
  }
}

/**
 * A port whose bus port is free too (10,000 higher, as Redis requires). Both are below the system's ephemeral ports.
 */
async function portWithBus(): Promise<number> {
  for (;;) {
    const port = randomInt(11_000, 22_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, LOOPBACK);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
