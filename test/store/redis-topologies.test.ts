import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, type RolecallEvents } from "../../src/index.js";
import { redisStore } from "../../src/store/redis-store.js";
import { startLocalAws, storeContract } from "../../src/testing/index.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { listen } from "../support/events.js";
import { assumeRoleCalls, ROLE } from "../support/local.js";
import { hasRedis, type RedisServer } from "../support/redis-server.js";
import type { RedisTopology } from "../support/redis-topologies.js";
import { DEPLOYMENTS, type PackageName } from "../support/redis-topology-clients.js";

const START_TIMEOUT = 120_000;
const PACKAGES = ["node-redis", "ioredis"] as const;
const instance = { roleArn: ROLE, region: "eu-central-1" };

let topology: RedisTopology;
function use(kind: keyof typeof DEPLOYMENTS) {
  beforeAll(async () => {
    topology = await DEPLOYMENTS[kind].start();
  }, START_TIMEOUT);
  afterAll(() => topology.remove());
}

async function setUp(kind: keyof typeof DEPLOYMENTS, name: PackageName) {
  const aws = await startLocalAws({ roles: [{ roleArn: ROLE }] });
  for (const [variable, value] of Object.entries(aws.env)) vi.stubEnv(variable, value);
  onTestFinished(() => aws.close());
  const errors: string[] = [];
  listen("aws-rolecall:store-error", (message) => {
    const { operation, reason, error } = message as RolecallEvents["store-error"];
    errors.push(`${operation} ${reason} ${error?.message ?? ""}`);
  });
  const options = { scope: "fleet", encryptionKeys: [newEncryptionKeyText()] };
  const connect = async () => {
    const { client, close } = await DEPLOYMENTS[kind].clients[name](topology.ports);
    onTestFinished(() => void close());
    return redisStore(client, options);
  };
  /** A process's memory of its own, over a connection that others may use too. */
  const host = (store: ReturnType<typeof redisStore>) => {
    const resolver = createCredentialResolver({ store });
    onTestFinished(() => resolver.close());
    return resolver;
  };
  return { aws, errors, connect, host };
}

describe.runIf(hasRedis).each(["cluster", "sentinels"] as const)("Redis with a client for a %s", (kind) => {
  use(kind);

  it.each(PACKAGES)("%s: keeps what a store promises", async (name) => {
    const { connect } = await setUp(kind, name);
    const stores = await Promise.all([connect(), connect()]);
    let opened = 0;
    const open = () => stores[opened++ % 2] as (typeof stores)[0];
    for (const { run } of storeContract({ open })) await run();
  });

  it.each(PACKAGES)("%s: many hosts get one session", async (name) => {
    const { aws, errors, connect, host } = await setUp(kind, name);
    const hosts = await Promise.all(Array.from({ length: 5 }, async () => host(await connect())));
    const sessions = await Promise.all(hosts.map((resolver) => resolver.resolve(instance)));
    expect(new Set(sessions.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toEqual([]);
  });
});

describe.runIf(hasRedis)("a session whose slot moves to another node of the cluster", () => {
  use("cluster");

  it.each(PACKAGES)("is found by %s while it moves, and after", async (name) => {
    const { aws, errors, connect, host } = await setUp("cluster", name);
    const store = await connect();
    const { accessKeyId } = await host(store).resolve(instance);
    const { key, slot, source, target, ids } = await whereTheSessionIs();

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
    await target.cli("DEL", key);
  });
});

/** The one key of the cluster, the master that holds it, and another one. */
async function whereTheSessionIs() {
  const masters = await topology.masters();
  const keys = await Promise.all(masters.map((server) => server.cli("KEYS", "rolecall:*")));
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
