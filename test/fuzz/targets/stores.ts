import fc from "fast-check";
import { StoreError } from "../../../src/index.js";
import { fileStore } from "../../../src/store/file-store.js";
import { redisStore } from "../../../src/store/redis-store.js";
import { anyOf, callWith, garbage, mostly, settings, settlingFunction } from "../arbitraries.js";
import { ENCRYPTION_KEY, HUSH } from "../cast.js";
import { isDeliberate } from "../oracles.js";
import { lab } from "../recipe.js";
import { encryptionKeys, misshapen } from "../settings.js";
import type { Target } from "../target.js";

const KEY = "k".repeat(43);
const key = fc.oneof(
  { weight: 4, arbitrary: anyOf(KEY) },
  { weight: 1, arbitrary: anyOf("../../x", `${KEY}\n`) },
  garbage,
);
const record = mostly(anyOf("record", `a record with ${HUSH}`));
const ttl = mostly(anyOf(60_000, 1, -1));

const isStoreError = (error: Error) => error instanceof StoreError && isDeliberate(error);

/** Answers of Redis, and garbage. */
const redisAnswer = fc.oneof(anyOf("OK", null, 1, "record"), garbage);
const redisClient = fc.oneof(
  settings({ sendCommand: settlingFunction(redisAnswer) }, { required: ["sendCommand"] }),
  settings({ call: settlingFunction(redisAnswer) }, { required: ["call"] }),
  misshapen(HUSH),
);

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
      // Another directory, such as this user's own, is none to write into.
      if (store.directory !== lab.things("folder")) return "not used";
      await store.set(key as string, record as string, ttl as number);
      await store.get(key as string);
      const lock = await store.lock?.(key as string, ttl as number);
      await lock?.release();
      await store.delete(key as string, record as string);
      return typeof (await store.list()).length;
    },
    mayThrow: isStoreError,
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
    async attempt(_lab, [client, options, key, record, ttl]) {
      const store = redisStore(...([client, options] as unknown as Parameters<typeof redisStore>));
      await store.set(key as string, record as string, ttl as number);
      await store.get(key as string);
      const lock = await store.lock?.(key as string, ttl as number);
      await lock?.release();
      await store.delete(key as string, record as string);
      return store.scope;
    },
    mayThrow: isStoreError,
  },
];
