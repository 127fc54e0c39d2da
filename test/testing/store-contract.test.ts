import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FileStoreOptions, fileStore } from "../../src/store/file-store.js";
import { redisStore } from "../../src/store/redis-store.js";
import { createManualClock, createMemoryStore, type StoreUnderTest, storeContract } from "../../src/testing/index.js";
import { newEncryptionKey } from "../support/encryption-key.js";
import { CLIENT_NAMES, CLIENTS, hasRedis, startRedis } from "../support/redis.js";

describe("the in-memory store", () => {
  const clock = createManualClock();
  const store = createMemoryStore({ clock });
  it.each(storeContract({ open: () => store, wait: clock.advance }))("$name", ({ run }) => run());
});

describe.each<[string, FileStoreOptions]>([
  ["as they are", {}],
  ["sealed", { encryptionKeys: [newEncryptionKey()] }],
])("the file store, with records %s", (_, options) => {
  it.each(
    casesOf(async () => {
      const directory = await mkdtemp(join(tmpdir(), "rolecall-contract-"));
      onTestFinished(() => rm(directory, { recursive: true, maxRetries: 10 }));
      return () => fileStore({ ...options, directory });
    }),
  )("$name", ({ run }) => run());
});

describe.each(CLIENT_NAMES)("the store in Redis, by %s", (name) => {
  const options = { scope: "fleet", encryptionKeys: [newEncryptionKey()] };
  const cases = casesOf(async () => {
    const { port } = await startRedis();
    return async () => redisStore(await CLIENTS[name](port), options);
  });
  it.runIf(hasRedis).each(cases)("$name", ({ run }) => run());
});

/** Each case gets a separate place for its store. */
function casesOf(makePlace: () => Promise<StoreUnderTest["open"]>) {
  return storeContract({ open: () => createMemoryStore() }).map(({ name }) => ({
    name,
    async run() {
      const open = await makePlace();
      await storeContract({ open })
        .find((one) => one.name === name)
        ?.run();
    },
  }));
}

describe("the contract detects a store that", () => {
  const clock = createManualClock();
  const wait = clock.advance;
  /** What each store does, by the case that must detect it. */
  const BROKEN: [does: string, found: string, store: () => StoreUnderTest["open"]][] = [
    ["has no scope", "valid scope", () => shared({ scope: "" })],
    ["has another scope in each process", "valid scope", () => () => ({ ...memory(), scope: `${Math.random()}` })],
    ["gives keys as texts", "valid scope", () => shared({ encryptionKeys: ["short"] as never })],
    ["says null", "never set", () => shared({ get: async () => null as never })],
    [
      "cuts records",
      "unchanged",
      (store = memory()) => shared({ get: async (key) => (await store.get(key))?.slice(0, 9000) }, store),
    ],
    [
      "trims records",
      "unchanged",
      (store = memory()) => shared({ set: (key, record, ttl) => store.set(key, record.trim(), ttl) }, store),
    ],
    ["is each process's own", "unchanged", () => memory],
    [
      "does not see the case of a key",
      "distinguishes keys",
      (store = memory()) =>
        shared(
          {
            get: (key) => store.get(key.toLowerCase()),
            set: (key, record, ttl) => store.set(key.toLowerCase(), record, ttl),
          },
          store,
        ),
    ],
    [
      "keeps the first record",
      "atomically",
      (store = memory()) =>
        shared(
          {
            set: async (key, record, ttl) => {
              if ((await store.get(key)) === undefined) await store.set(key, record, ttl);
            },
          },
          store,
        ),
    ],
    [
      "appends",
      "atomically",
      (store = memory()) =>
        shared(
          { set: async (key, record, ttl) => store.set(key, `${(await store.get(key)) ?? ""}${record}`, ttl) },
          store,
        ),
    ],
    [
      "takes the time as seconds",
      "after its ttl",
      (store = memory()) => shared({ set: (key, record, ttl) => store.set(key, record, ttl * 1000) }, store),
    ],
    [
      "keeps the first record's time",
      "ttl of the latest",
      (store = memory(), times = new Map<string, number>()) =>
        shared(
          {
            set: (key, record, ttl) => {
              const first = times.get(key) ?? clock.now() + ttl;
              times.set(key, first);
              return store.set(key, record, first - clock.now());
            },
          },
          store,
        ),
    ],
    ["deletes nothing", "deletes a record for every process", () => shared({ delete: async () => {} })],
    [
      "fails to delete what is not there",
      "deletes a record for every process",
      (store = memory()) =>
        shared(
          {
            delete: async (key) => {
              if ((await store.get(key)) === undefined) throw new Error("none");
              await store.delete(key);
            },
          },
          store,
        ),
    ],
    [
      "deletes what is newer",
      "only if it equals",
      (store = memory()) => shared({ delete: (key) => store.delete(key) }, store),
    ],
    [
      "gives its lock to all",
      "one holder at a time",
      () => shared({ lock: async () => ({ release: async () => {} }) }),
    ],
    [
      "has one lock for all keys",
      "one holder at a time",
      (store = memory()) => shared({ lock: (_, ttl) => store.lock("one", ttl) }, store),
    ],
    [
      "looks before it locks",
      "one of many",
      (store = memory(), held = new Set<string>()) =>
        shared(
          {
            lock: async (key) => {
              if (held.has(key)) return undefined;
              await store.get(key);
              held.add(key);
              return { release: async () => void held.delete(key) };
            },
          },
          store,
        ),
    ],
    [
      "never ends a lock",
      "expires a lock after its ttl",
      (store = memory()) => shared({ lock: (key) => store.lock(key, 1e12) }, store),
    ],
    [
      "releases another's lock",
      "affect a later lock",
      (store = memory(), held = new Map<string, number>()) =>
        shared(
          {
            lock: async (key, ttl) => {
              if ((held.get(key) ?? 0) > clock.now()) return undefined;
              held.set(key, clock.now() + ttl);
              return { release: async () => void held.delete(key) };
            },
          },
          store,
        ),
    ],
    [
      "fails to release twice",
      "affect a later lock",
      (store = memory()) =>
        shared(
          {
            lock: async (key, ttl) => {
              const lock = await store.lock(key, ttl);
              let ended = false;
              return (
                lock && {
                  release: async () => {
                    if (ended) throw new Error("again");
                    ended = true;
                    await lock.release();
                  },
                }
              );
            },
          },
          store,
        ),
    ],
    [
      "locks where the record is",
      "locks and records separate",
      (store = memory()) =>
        shared(
          {
            lock: async (key, ttl) => {
              if ((await store.get(key)) !== undefined) return undefined;
              await store.set(key, "locked", ttl);
              return { release: () => store.delete(key) };
            },
          },
          store,
        ),
    ],
  ];

  function memory() {
    return createMemoryStore({ clock });
  }

  function shared(parts: Partial<ReturnType<typeof memory>>, store = memory()): StoreUnderTest["open"] {
    return () => ({ ...store, ...parts });
  }

  it.each(BROKEN)("%s", async (_, found, makeOpen) => {
    const cases = storeContract({ open: makeOpen(), wait });
    const outcomes = await Promise.all(
      cases.map(({ run }) =>
        run().then(
          () => "held",
          () => "failed",
        ),
      ),
    );
    const failed = cases.filter((_case, index) => outcomes[index] === "failed").map(({ name }) => name);
    expect(failed).toEqual(expect.arrayContaining([expect.stringContaining(found)]));
  });

  it("is broken in any way, because every case can fail", () => {
    const unproven = storeContract({ open: memory }).filter(
      ({ name }) => !BROKEN.some(([, found]) => name.includes(found)),
    );
    expect(unproven).toEqual([]);
  });

  it("has locks although locks is false, or the other way around", async () => {
    const [first] = storeContract({ open: memory, locks: false });
    await expect(first?.run()).rejects.toThrow();
    const { lock, ...without } = memory();
    const cases = storeContract({ open: () => without, wait });
    expect(await Promise.allSettled(cases.map(({ run }) => run()))).toContainEqual(
      expect.objectContaining({ status: "rejected" }),
    );
    for (const { run } of storeContract({ open: () => without, wait, locks: false })) await run();
  });
});
