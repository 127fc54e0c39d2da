import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { shareByIoredisCluster, shareByNodeRedisCluster } from "../../docs/examples/share-by-cluster.js";
import { shareByIoredisSentinels, shareByNodeRedisSentinels } from "../../docs/examples/share-by-sentinels.js";
import { type CredentialResolver, createCredentialResolver, type RolecallEvents } from "../../src/index.js";
import { redisStore } from "../../src/store/redis-store.js";
import { startLocalAws, storeContract } from "../../src/testing/index.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { listen } from "../support/events.js";
import { assumeRoleCalls, ROLE } from "../support/local.js";
import { hasRedis, type RedisServer } from "../support/redis-server.js";
import { type RedisTopology, SENTINEL_NAME } from "../support/redis-topologies.js";
import { DEPLOYMENTS, nodesAt, type PackageName } from "../support/redis-topology-clients.js";

const START_TIMEOUT = 120_000;
const PACKAGES = ["node-redis", "ioredis"] as const;
const instance = { roleArn: ROLE, region: "eu-central-1" };

type Show = (ports: readonly number[], keys: string[]) => Promise<{ resolver: CredentialResolver; close(): unknown }>;

const urlsAt = (ports: readonly number[]) => ports.map((port) => `redis://127.0.0.1:${port}`);

/** The example in docs/sharing-sessions.md. */
const SHOWN: Record<keyof typeof DEPLOYMENTS, Record<PackageName, Show>> = {
  cluster: {
    async "node-redis"(ports, keys) {
      const { resolver, client } = await shareByNodeRedisCluster(urlsAt(ports), keys);
      return { resolver, close: () => client.destroy() };
    },
    async ioredis(ports, keys) {
      const { resolver, client } = shareByIoredisCluster(urlsAt(ports), keys);
      return { resolver, close: () => client.disconnect() };
    },
  },
  sentinels: {
    async "node-redis"(ports, keys) {
      const { resolver, client } = shareByNodeRedisSentinels(SENTINEL_NAME, nodesAt(ports), keys);
      return { resolver, close: () => client.destroy() };
    },
    async ioredis(ports, keys) {
      const { resolver, client } = shareByIoredisSentinels(SENTINEL_NAME, nodesAt(ports), keys);
      return { resolver, close: () => client.disconnect() };
    },
  },
};

describe.runIf(hasRedis).each(["cluster", "sentinels"] as const)("Redis with a client for a %s", (kind) => {
  let topology: RedisTopology;
  beforeAll(async () => {
    topology = await DEPLOYMENTS[kind].start();
  }, START_TIMEOUT);
  afterAll(() => topology.remove());

  async function setUp(name: PackageName) {
    const aws = await startLocalAws({ roles: [{ roleArn: ROLE }] });
    for (const [variable, value] of Object.entries(aws.env)) vi.stubEnv(variable, value);
    onTestFinished(() => aws.close());
    const errors: string[] = [];
    listen("aws-rolecall:store-error", (message) => {
      const { operation, reason, error } = message as RolecallEvents["store-error"];
      errors.push(`${operation} ${reason} ${error?.message ?? ""}`);
    });
    const encryptionKeys = [newEncryptionKeyText()];
    const connect = async () => {
      const { client, close } = await DEPLOYMENTS[kind].clients[name](topology.ports);
      onTestFinished(() => void close());
      return redisStore(client, { scope: "fleet", encryptionKeys });
    };
    /** A process's own memory, over a connection that others may also use. */
    const host = (store: ReturnType<typeof redisStore>) => {
      const resolver = createCredentialResolver({ store });
      onTestFinished(() => resolver.close());
      return resolver;
    };
    return { aws, errors, encryptionKeys, connect, host };
  }

  it.each(PACKAGES)("%s keeps the store contract", async (name) => {
    const { connect } = await setUp(name);
    const stores = await Promise.all([connect(), connect()]);
    let opened = 0;
    const open = () => stores[opened++ % 2] as (typeof stores)[0];
    for (const { run } of storeContract({ open })) await run();
  });

  it.each(PACKAGES)("%s shares one session among many hosts", async (name) => {
    const { aws, errors, connect, host } = await setUp(name);
    const hosts = await Promise.all(Array.from({ length: 5 }, async () => host(await connect())));
    const sessions = await Promise.all(hosts.map((resolver) => resolver.resolve(instance)));
    expect(new Set(sessions.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toEqual([]);
  });

  it.each(PACKAGES)("%s shares one session between two hosts, as the docs show", async (name) => {
    const { encryptionKeys } = await setUp(name);
    const accessKeyId = async () => {
      const { resolver, close } = await SHOWN[kind][name](topology.ports, encryptionKeys);
      const session = await resolver.resolve(instance);
      await resolver.close();
      await close();
      return session.accessKeyId;
    };
    // On a busy machine, connecting can take longer than a command waits for its store.
    await vi.waitFor(async () => expect(await accessKeyId()).toBe(await accessKeyId()), { timeout: 30_000 });
  });

  if (kind !== "cluster") return;
  it.each(PACKAGES)("%s finds a session during and after a slot migration", async (name) => {
    for (const server of await topology.masters()) await server.cli("FLUSHALL");
    const { aws, errors, connect, host } = await setUp(name);
    const store = await connect();
    const { accessKeyId } = await host(store).resolve(instance);
    const { key, slot, source, target, ids } = await whereTheSessionIs(await topology.masters());

    await target.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", ids.source);
    await source.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", ids.target);
    expect(await source.cli("MIGRATE", "127.0.0.1", `${target.port}`, key, "0", "5000")).toBe("OK");
    expect(await source.cli("GET", key)).toMatch(/^ASK /);
    expect((await host(store).resolve(instance)).accessKeyId).toBe(accessKeyId);

    for (const server of [target, source]) await server.cli("CLUSTER", "SETSLOT", slot, "NODE", ids.target);
    expect(await source.cli("GET", key)).toMatch(/^MOVED /);
    expect((await host(store).resolve(instance)).accessKeyId).toBe(accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toEqual([]);
  });
});

/** The only key of a cluster, the master that has it, and a different master. */
async function whereTheSessionIs(masters: readonly RedisServer[]) {
  const keys = await Promise.all(masters.map((server) => server.cli("KEYS", "*")));
  const source = masters[keys.findIndex((key) => key !== "")] as RedisServer;
  const target = masters.find((server) => server !== source) as RedisServer;
  const key = keys.find((one) => one !== "") ?? "";
  const [slot, ...both] = await Promise.all([
    source.cli("CLUSTER", "KEYSLOT", key),
    source.cli("CLUSTER", "MYID"),
    target.cli("CLUSTER", "MYID"),
  ]);
  return { key, slot, source, target, ids: { source: both[0], target: both[1] } };
}
