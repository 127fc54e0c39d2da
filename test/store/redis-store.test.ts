import { inspect } from "node:util";
import { ClientOfflineError } from "redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, type RolecallEvents } from "../../src/index.js";
import { type Runtime, systemRuntime } from "../../src/runtime.js";
import { redisStore } from "../../src/store/redis-store.js";
import { startLocalAws } from "../../src/testing/index.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { listen } from "../support/events.js";
import { assumeRoleCalls, OTHER_ROLE, ROLE } from "../support/local.js";
import { CLIENT_NAMES, CLIENTS, hasRedis, startInterceptor, startRedis } from "../support/redis.js";

const key = () => newEncryptionKeyText();
const client = { sendCommand: async () => null };
const options = { scope: "fleet", encryptionKeys: [key()] };
const KEY = "k".repeat(43);

describe("the options of redisStore", () => {
  it.each<[string, unknown, unknown]>([
    ["client", undefined, options],
    ["client", {}, options],
    ["client", "redis://user:password@host", options],
    ["options.scope", client, { ...options, scope: undefined }],
    ["options.scope", client, { ...options, scope: "" }],
    ["options.scope", client, { ...options, scope: "x".repeat(256) }],
    ["options.encryptionKeys", client, { scope: "fleet" }],
    ["options.encryptionKeys", client, { ...options, encryptionKeys: [] }],
    ["options.encryptionKeys[1]", client, { ...options, encryptionKeys: [key(), "c2hvcnQ="] }],
    ["options.prefix", client, { ...options, prefix: "with space" }],
    ["options.ttl", client, { ...options, ttl: 1 }],
  ])("rejects an invalid %s by name, without showing a secret", (field, given, withOptions) => {
    const attempt = () => redisStore(given as never, withOptions as never);
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field }));
    expect(attempt).not.toThrow(/password|c2hvcnQ/);
  });

  it("sends what Redis documents", async () => {
    const sent: string[][] = [];
    const answers = ["OK", "OK", 1, "record", 1];
    const sendCommand = async (args: string[]) => {
      sent.push(args);
      return answers.shift();
    };
    const store = redisStore({ sendCommand }, { ...options, prefix: "p:" });
    await store.set(KEY, "record", 1000.5);
    const lock = await store.lock?.(KEY, 11_000);
    await lock?.release();
    await store.get(KEY);
    await store.delete(KEY);
    const token = sent[1]?.[2];
    expect(sent).toEqual([
      ["SET", `p:${KEY}`, "record", "PX", "1001"],
      ["SET", `p:${KEY}:lock`, expect.stringMatching(/^[\w-]{36}$/), "NX", "PX", "11000"],
      ["EVAL", expect.stringContaining("redis.call"), "1", `p:${KEY}:lock`, token],
      ["GETRANGE", `p:${KEY}`, "0", "16384"],
      ["DEL", `p:${KEY}`],
    ]);
  });
});

describe("a reply from Redis", () => {
  it("is an error if it is longer than any record, but not if the key is missing", async () => {
    const answering = (answer: unknown) => redisStore({ sendCommand: async () => answer }, options);
    await expect(answering("x".repeat(16_385)).get(KEY)).rejects.toThrow(
      "Redis returned a value of more than 16384 characters. Check what else writes to this key prefix.",
    );
    expect(await answering("x".repeat(16_384)).get(KEY)).toHaveLength(16_384);
    for (const nothing of ["", null, undefined]) expect(await answering(nothing).get(KEY)).toBeUndefined();
  });

  const failing = (error: unknown) =>
    redisStore(
      {
        sendCommand: async () => {
          throw error;
        },
      },
      options,
    );

  it.each([
    [Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:6379"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [new Error("OOM command not allowed when used memory > 'maxmemory'."), "OOM"],
    [Object.assign(new Error("ERR a record"), { name: "ReplyError", command: { args: ["a record"] } }), "ERR"],
    [Object.assign(new Error("a record"), { name: "ParserError" }), "ParserError"],
    [Object.assign(new Error("a record"), { name: "a record" }), "Error"],
    [new ClientOfflineError(), "ClientOfflineError"],
    ["a record", "Error"],
    [undefined, "Error"],
  ])("reveals only the reason: %s", async (error, reason) => {
    const failure = await failing(error)
      .set(KEY, "a record", 1000)
      .catch((caught: unknown) => caught);
    expect(failure).toMatchObject({
      name: "StoreError",
      message: `Redis command SET failed: ${reason}.`,
      code: reason,
    });
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain("a record");
  });

  it.each([[1], [["a"]], [Buffer.from("record")], [{}], ["QUEUED"]])(
    "rejects a reply of another type: %j",
    async (answer) => {
      const store = redisStore({ sendCommand: async () => answer }, options);
      if (typeof answer !== "string") await expect(store.get(KEY)).rejects.toMatchObject({ name: "StoreError" });
      await expect(store.set(KEY, "record", 1000)).rejects.toMatchObject({ name: "StoreError" });
      await expect(store.lock?.(KEY, 1000)).rejects.toMatchObject({ name: "StoreError" });
    },
  );
});

/** Gives a store ten seconds to respond, because this machine may be busy with other tests. */
const PATIENT: Partial<Runtime> = { schedule: (ms, task) => systemRuntime.schedule(40 * ms, task) };

describe.runIf(hasRedis).each(CLIENT_NAMES)("sessions in Redis, by %s", (name) => {
  const encryptionKeys = [key()];

  async function setUp() {
    const redis = await startRedis();
    const interceptor = await startInterceptor(redis.port);
    const aws = await startLocalAws({ roles: [{ roleArn: ROLE }, { roleArn: OTHER_ROLE }] });
    for (const [variable, value] of Object.entries(aws.env)) vi.stubEnv(variable, value);
    onTestFinished(() => aws.close());
    const errors: RolecallEvents["store-error"][] = [];
    listen("aws-rolecall:store-error", (message) => errors.push(message as RolecallEvents["store-error"]));
    const host = async (runtime: Partial<Runtime> = PATIENT) => {
      const store = redisStore(await CLIENTS[name](interceptor.port), { scope: "fleet", encryptionKeys });
      const resolver = createCredentialResolver({ store, runtime });
      onTestFinished(() => resolver.close());
      return resolver;
    };
    return { redis, interceptor, aws, errors, host };
  }
  const instance = { roleArn: ROLE, region: "eu-central-1" };
  const other = { ...instance, roleArn: OTHER_ROLE };

  it("are requested once by many hosts, and cannot be read in Redis without the key", async () => {
    const { redis, aws, errors, host } = await setUp();
    const hosts = await Promise.all(Array.from({ length: 5 }, () => host()));
    const sessions = await Promise.all(hosts.map((resolver) => resolver.resolve(instance)));
    expect(new Set(sessions.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toEqual([]);

    const reader = await CLIENTS["node-redis"](redis.port);
    const keys = await reader.keys("*");
    expect(keys).toEqual([expect.stringMatching(/^rolecall:[\w-]{43}$/)]);
    const [record] = await Promise.all(keys.map((one) => reader.get(one)));
    expect(record).toMatch(/^rolecall1\.sealed\.[\w-]{8}\.[\w-]+$/);
    expect(await reader.pTTL(keys[0] ?? "")).toBeGreaterThan(59 * 60_000 - 10_000);
    expect(await reader.pTTL(keys[0] ?? "")).toBeLessThanOrEqual(60 * 60_000 - 10_000);
  });

  it("come from STS while Redis is down, and from Redis once it is back", async () => {
    const { redis, aws, errors, host } = await setUp();
    const [one, two] = [await host(systemRuntime), await host(systemRuntime)];
    await redis.stop();
    await one.resolve(instance);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every(({ reason }) => reason === "failed" || reason === "timeout")).toBe(true);

    await redis.start();
    // Until the clients have found Redis again and the pause is over, STS is called.
    await vi.waitFor(
      async () => {
        await one.resolve(other, {}, { forceRefresh: true });
        const { accessKeyId } = await one.resolve(other);
        await two.invalidate(instance);
        expect((await (await host(systemRuntime)).resolve(other)).accessKeyId).toBe(accessKeyId);
      },
      { timeout: 20_000, interval: 200 },
    );
  }, 30_000);

  it.each([
    ["swallow", ["timeout"]],
    ["garble", ["failed", "timeout", "unreadable"]],
  ] as const)("come from STS while the connection is made to %s", async (mode, reasons) => {
    const { interceptor, aws, errors, host } = await setUp();
    const [one, two] = [await host(systemRuntime), await host(systemRuntime)];
    interceptor.mode = mode;
    const [first, second] = await Promise.all([one.resolve(instance), two.resolve(instance)]);
    expect(assumeRoleCalls(aws)).toBe(2);
    expect(first.accessKeyId).not.toBe(second.accessKeyId);
    expect(errors.length).toBeGreaterThan(0);
    for (const { reason } of errors) expect(reasons).toContain(reason);
  });

  it("come from STS if Redis holds 64 MiB in their place, of which only a record's length is read", async () => {
    const { redis, aws, errors, host } = await setUp();
    await (await host()).resolve(instance);
    const admin = await CLIENTS["node-redis"](redis.port);
    const [name = ""] = await admin.keys("*");
    await admin.set(name, "x".repeat(2 ** 26));
    const { totalNetOutputBytes: before } = await networkOf(admin);
    const resolver = await host();
    await resolver.resolve(instance);
    expect(assumeRoleCalls(aws)).toBe(2);
    expect(errors).toMatchObject([{ operation: "get", reason: "failed", error: { name: "StoreError" } }]);
    expect((await networkOf(admin)).totalNetOutputBytes - before).toBeLessThan(2 ** 20);
  });

  it("come from STS while Redis is full", async () => {
    const { redis, aws, errors, host } = await setUp();
    const admin = await CLIENTS["node-redis"](redis.port);
    await admin.configSet("maxmemory", "1");
    const resolver = await host();
    await resolver.resolve(instance);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toMatchObject([
      { operation: "lock", reason: "failed", error: { message: "Redis command SET failed: OOM." } },
    ]);
    await admin.configSet("maxmemory", "0");
    await resolver.resolve(other);
    expect((await (await host()).resolve(other)).accessKeyId).toBe((await resolver.resolve(other)).accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(2);
  });
});

/** The bytes from Redis so far. */
async function networkOf(admin: Awaited<ReturnType<(typeof CLIENTS)["node-redis"]>>) {
  const [, bytes] = /total_net_output_bytes:(\d+)/.exec(await admin.info("stats")) ?? [];
  return { totalNetOutputBytes: Number(bytes) };
}
