import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { type CredentialStore, StoreError } from "../../../src/index.js";
import { fileStore } from "../../../src/store/file-store.js";
import { redisStore } from "../../../src/store/redis-store.js";
import { anyOf, callWith, garbage, settings, settlingFunction } from "../arbitraries.js";
import { ENCRYPTION_KEY, HUSH } from "../cast.js";
import { isDeliberate } from "../oracles.js";
import { lab } from "../recipe.js";
import { encryptionKeys, misshapen } from "../settings.js";
import type { Target } from "../target.js";

/** Milliseconds. */
const SHORT_WHILE = 100;
const KEY = "k".repeat(43);
const key = fc.oneof(
  { weight: 4, arbitrary: anyOf(KEY) },
  { weight: 1, arbitrary: anyOf("../../x", `${KEY}\n`) },
  garbage,
);
const record = anyOf("record", `a record with ${HUSH}`, "", "a\ud800b\u0000");
const ttl = anyOf(60_000, 1, -1, 0.5);

const isStoreError = (error: Error) => error instanceof StoreError && isDeliberate(error);
const isOfFileSystem = (error: Error) => "syscall" in error && isDeliberate(error);

/** Redis replies and garbage. */
const redisAnswer = fc.oneof(anyOf("OK", null, 1, "record"), garbage);
const redisClient = fc.oneof(
  settings({ sendCommand: settlingFunction(redisAnswer) }, { required: ["sendCommand"] }),
  settings(
    { sendCommand: settlingFunction(redisAnswer), nodeClient: garbage, getSentinelNode: garbage, options: garbage },
    { required: ["sendCommand"] },
  ),
  settings({ call: settlingFunction(redisAnswer) }, { required: ["call"] }),
  misshapen(HUSH),
);

/** Every operation that a resolver performs on a store. */
async function use(store: CredentialStore, [key, record, ttl]: unknown[]): Promise<void> {
  await store.set(key as string, record as string, ttl as number);
  await store.get(key as string);
  const lock = await store.lock?.(key as string, ttl as number);
  await lock?.release();
  await store.delete(key as string, record as string);
}

export const stores: readonly Target[] = [
  {
    name: "fileStore",
    input: callWith(
      settings(
        {
          directory: fc.oneof(fc.constant(lab("folder")), anyOf("/proc", "/dev/null/x", "x".repeat(5000))),
          encryptionKeys,
        },
        { required: ["directory"], garbageFor: { encryptionKeys: misshapen(ENCRYPTION_KEY) } },
      ),
      key,
      record,
      ttl,
    ),
    async attempt(lab, [options, key, record, ttl]) {
      const store = fileStore(options as object);
      // Other directories, such as this user's home, must not be written to.
      if (store.directory !== lab.things("folder")) return "not used";
      await use(store, [key, record, ttl]);
      return typeof (await store.list()).length;
    },
    mayThrow: (error) => isStoreError(error) || isOfFileSystem(error),
  },
  {
    name: "redisStore",
    input: callWith(
      redisClient,
      settings(
        { scope: anyOf("here"), encryptionKeys, prefix: anyOf("p:") },
        { required: ["scope", "encryptionKeys"], garbageFor: { encryptionKeys: misshapen(ENCRYPTION_KEY) } },
      ),
      key,
      record,
      ttl,
    ),
    async attempt(_lab, [client, options, ...rest]) {
      const store = redisStore(...([client, options] as unknown as Parameters<typeof redisStore>));
      // A client that hangs makes the store hang. The resolver stops waiting at its own deadline.
      await Promise.race([use(store, rest), delay(SHORT_WHILE)]);
      return store.scope;
    },
    mayThrow: isStoreError,
  },
];
