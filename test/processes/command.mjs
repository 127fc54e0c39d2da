/**
 * One command in a process of its own: gets the credentials of `ROLE_ARN` through the store that `STORE` names, prints
 * them with what happened, and ends by itself. `CLOCK_AHEAD`: milliseconds by which its clock is ahead of the machine's.
 */
import { subscribe } from "node:diagnostics_channel";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const {
  ROLECALL_BUILD,
  ROLE_ARN,
  STORE,
  DIRECTORY,
  REDIS_PORT,
  REDIS_CLIENT,
  ENCRYPTION_KEY,
  CLOCK_AHEAD = "0",
} = process.env;
const load = (name) => import(pathToFileURL(`${ROLECALL_BUILD}/${name}.mjs`).href);

const STORES = {
  async file() {
    const { fileStore } = await load("file-store");
    return { store: fileStore({ directory: DIRECTORY }), end() {} };
  },
  async redis() {
    const { redisStore } = await load("redis-store");
    const { client, end } = await CLIENTS[REDIS_CLIENT]();
    return { store: redisStore(client, { scope: "fleet", encryptionKeys: [ENCRYPTION_KEY] }), end };
  },
};

const CLIENTS = {
  async "node-redis"() {
    const { createClient } = await import("redis");
    const client = await createClient({ url: `redis://127.0.0.1:${REDIS_PORT}` }).connect();
    return { client, end: () => client.close() };
  },
  async ioredis() {
    const { Redis } = await import("ioredis");
    const client = new Redis(Number(REDIS_PORT), "127.0.0.1");
    return { client, end: () => client.quit() };
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
// Many processes at once share few processors: whoever asks STS may be slow.
const resolver = createCredentialResolver({ store, runtime, assumeRole: { attemptTimeout: 10_000 } });
const began = performance.now();
const { accessKeyId, assumedRoleArn, expiration } = await patiently(() => resolver.resolve({ roleArn: ROLE_ARN }));
const took = performance.now() - began;
// A refresh that this command set off goes on behind it, and a client that is closed at once would end it. Files need
// none: the process ends by itself once the refresh is through.
const isRefreshDue = expiration.getTime() - runtime.now() < 15 * 60_000;
if (STORE === "redis" && isRefreshDue) await Promise.race([refreshed, delay(5000, undefined, { ref: false })]);
await end();
process.stdout.write(JSON.stringify({ accessKeyId, assumedRoleArn, storeErrors, took }));

/** Where fifty processes start at once on few processors, the metadata service may not be heard within its second. */
async function patiently(resolve) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await resolve();
    } catch (error) {
      if (error.code !== "IMDS_UNREACHABLE" || attempt === 10) throw error;
    }
  }
}
