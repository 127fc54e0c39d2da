import { Cluster, Redis } from "ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { describe, expect, it } from "vitest";
import { type RedisClient, redisStore } from "../../src/store/redis-store.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";

const options = { scope: "fleet", encryptionKeys: [newEncryptionKeyText()] };
const nowhere = { host: "127.0.0.1", port: 1 };
const url = "redis://127.0.0.1:1";
const sentinels = { sentinels: [nowhere], name: "main", lazyConnect: true };

/** Not connected. */
const EVERY_CLIENT: Record<string, () => RedisClient> = {
  "createClient of node-redis": () => createClient({ url }),
  "createClientPool of node-redis": () => createClientPool({ url }),
  "createCluster of node-redis": () => createCluster({ rootNodes: [{ url }] }),
  "createSentinel of node-redis": () => createSentinel({ name: "main", sentinelRootNodes: [nowhere] }),
  "Redis of ioredis": () => new Redis({ ...nowhere, lazyConnect: true }),
  "Redis of ioredis, by sentinels": () => new Redis(sentinels),
  "Cluster of ioredis": () => new Cluster([nowhere], { lazyConnect: true }),
};

/** What users pass instead of a client, and the errors that they get. */
const OTHER_THINGS: Record<string, [make: () => unknown, hint: string]> = {
  "a URL": [() => url, "a client from node-redis (createClient"],
  "connection options": [() => nowhere, "a client from node-redis (createClient"],
  "a client of another package": [() => ({ customCommand: async () => "OK" }), "a client from node-redis"],
  "the class of ioredis": [() => Redis, "Pass the result of new Redis() or createClient()"],
  "the function of node-redis": [() => createClient, "Pass the result of new Redis() or createClient()"],
  "the promise of connect()": [() => Promise.resolve(createClient({ url })), "Await the promise"],
  "a transaction of node-redis": [
    () => createClient({ url }).multi(),
    "Pass the client, not its pipeline() or multi()",
  ],
  "a legacy client of node-redis": [
    () => createClient({ url }).legacy(),
    "Pass the result of createClient() from redis 4 or later",
  ],
  "a client of redis 3": [
    () => ({ sendCommand: () => true, multi: () => {} }),
    "Pass the result of createClient() from redis 4 or later",
  ],
  "a lease of a sentinel client": [
    () => ({ sendCommand: async () => "OK", release: () => {} }),
    "Pass the result of createSentinel()",
  ],
  "a pipeline of ioredis": [
    () => new Redis({ ...nowhere, lazyConnect: true }).pipeline(),
    "Pass the client, not its pipeline() or multi()",
  ],
  "a client of ioredis for replicas": [
    () => new Redis({ ...sentinels, role: "slave" }),
    'Pass a Redis with role: "master"',
  ],
  "a Cluster of ioredis that reads from replicas": [
    () => new Cluster([nowhere], { lazyConnect: true, scaleReads: "slave" }),
    'cluster.duplicate([], { scaleReads: "master" })',
  ],
};

describe("the client of redisStore", () => {
  it.each(Object.keys(EVERY_CLIENT))("accepts %s", (name) => {
    expect(redisStore(EVERY_CLIENT[name]!(), options).scope).toBe("fleet");
  });

  it.each(Object.keys(OTHER_THINGS))("rejects %s, and says which client to pass", (name) => {
    const [make, hint] = OTHER_THINGS[name]!;
    expect(() => redisStore(make() as never, options)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: "client", hint: expect.stringContaining(hint) }),
    );
  });
});
