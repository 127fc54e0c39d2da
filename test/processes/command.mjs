/**
 * One command in a separate process: gets the credentials of `ROLE_ARN` through the store in `STORE`, prints them with
 * the store's events, and exits. `CLOCK_AHEAD`: milliseconds by which its clock is ahead of the machine's.
 * `SOURCE_ROLE`: the role that assumes it, if any. `WAIT_FOR_REDIS`: whether the command starts only when Redis is connected.
 */
import { subscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { PATIENT_STS, patiently } from "./patiently.mjs";

const {
  ROLECALL_BUILD,
  ROLE_ARN,
  SOURCE_ROLE,
  STORE,
  DIRECTORY,
  REDIS_PORTS,
  REDIS_CLIENT,
  ENCRYPTION_KEY,
  WAIT_FOR_REDIS,
  CLOCK_AHEAD = "0",
} = process.env;
const load = (name) => import(pathToFileURL(`${ROLECALL_BUILD}/${name}.mjs`).href);
const loadClient = (name) => createRequire(`${ROLECALL_BUILD}/`)(`./${name}.cjs`);

const STORES = {
  async file() {
    const { fileStore } = await load("file-store");
    return { store: fileStore({ directory: DIRECTORY }), end() {} };
  },
  async redis() {
    const { redisStore } = await load("redis-store");
    const { client, connected, end } = await CLIENTS[REDIS_CLIENT]();
    if (WAIT_FOR_REDIS) await connected;
    return { store: redisStore(client, { scope: "fleet", encryptionKeys: [ENCRYPTION_KEY] }), end };
  },
};

const nodes = REDIS_PORTS?.split(",").map((port) => ({ host: "127.0.0.1", port: Number(port) }));
const listening = (client) => client.on("error", () => {}); // what it means for a command, the store's events say

const ready = (client) => new Promise((resolve) => client.once("ready", resolve));

/** Connects as the docs show. */
const CLIENTS = {
  async "node-redis"() {
    const { createClient } = loadClient("redis");
    const client = await createClient({ socket: nodes[0] }).connect();
    return { client, end: () => client.close() };
  },
  async ioredis() {
    const { Redis } = loadClient("ioredis");
    const client = new Redis(nodes[0]);
    return { client, end: () => client.quit() };
  },
  async "node-redis cluster"() {
    const { createCluster } = loadClient("redis");
    const rootNodes = nodes.map((socket) => ({ socket }));
    const client = listening(createCluster({ rootNodes, minimizeConnections: true }));
    await client.connect();
    return { client, end: () => client.destroy() };
  },
  async "ioredis cluster"() {
    const { Cluster } = loadClient("ioredis");
    const client = listening(new Cluster(nodes));
    return { client, connected: ready(client), end: () => client.disconnect() };
  },
  async "node-redis sentinels"() {
    const { createSentinel } = loadClient("redis");
    const client = listening(createSentinel({ name: "main", sentinelRootNodes: nodes }));
    client.connect().catch(() => {});
    return { client, connected: ready(client), end: () => client.destroy() };
  },
  async "ioredis sentinels"() {
    const { Redis } = loadClient("ioredis");
    const client = listening(new Redis({ name: "main", sentinels: nodes }));
    return { client, connected: ready(client), end: () => client.disconnect() };
  },
};

const storeErrors = [];
subscribe("aws-rolecall:store-error", ({ operation, reason, error }) => {
  storeErrors.push(`${operation} ${reason} ${error?.message ?? ""}`);
});
let isRefreshed;
const refreshed = new Promise((resolve) => {
  isRefreshed = resolve;
});
subscribe("aws-rolecall:refreshed", ({ background }) => background && isRefreshed());

const { createCredentialResolver } = await load("index");
const { store, end } = await STORES[STORE]();
const runtime = { now: () => Date.now() + Number(CLOCK_AHEAD) };
const resolver = createCredentialResolver({ store, runtime, assumeRole: PATIENT_STS });
const began = performance.now();
const { accessKeyId, assumedRoleArn, expiration } = await patiently(() =>
  resolver.resolve({ roleArn: ROLE_ARN, sourceRole: SOURCE_ROLE }),
);
const took = performance.now() - began;
// A refresh that this command started continues in the background, and closing the client would end it. Files have no
// client: the process exits after the refresh.
const isRefreshDue = expiration.getTime() - runtime.now() < 15 * 60_000;
if (STORE === "redis" && isRefreshDue) await Promise.race([refreshed, delay(5000, undefined, { ref: false })]);
await end();
process.stdout.write(JSON.stringify({ accessKeyId, assumedRoleArn, storeErrors, took }));
