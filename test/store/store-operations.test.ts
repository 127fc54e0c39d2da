import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type CredentialStore, createCredentialResolver, type RolecallEvents } from "../../src/index.js";
import { createManualClock, createMemoryStore, type MemoryStore, startLocalAws } from "../../src/testing/index.js";
import { listen } from "../support/events.js";
import { assumeRoleCalls, ROLE } from "../support/local.js";

const INSTANCE = { roleArn: ROLE, region: "eu-central-1" };
const LONGEST_RECORD = 16_384;

/** A resolver on a manual clock, with a store in which the given methods are replaced. */
async function setUp(parts: (store: MemoryStore) => object) {
  const clock = createManualClock({ now: Date.now() });
  const aws = await startLocalAws({ clock, roles: [{ roleArn: ROLE, trustedPrincipals: ["*"] }] });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  onTestFinished(() => aws.close());
  const errors: RolecallEvents["store-error"][] = [];
  listen("aws-rolecall:store-error", (message) => errors.push(message as RolecallEvents["store-error"]));
  const store = createMemoryStore({ clock });
  const start = (own: object = {}) => {
    const resolver = createCredentialResolver({ store: { ...store, ...own } as CredentialStore, runtime: clock });
    onTestFinished(() => resolver.close());
    return resolver;
  };
  /** Advances the clock until the work is done. */
  const finish = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const end = work.finally(() => {
      done = true;
    });
    end.catch(() => {});
    while (!done) await clock.advance(10);
    return end;
  };
  return { aws, errors, store, start, finish, resolver: start(parts(store)) };
}

/** An object that `await` treats like a promise. */
function thenable(then: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => void): object {
  const object = {};
  Reflect.set(object, "then", then);
  return object;
}

const throwing = () => {
  throw new Error("hostile");
};
const endless: object = thenable((resolve) => resolve(endless));
const hostileProxy = new Proxy({}, { get: throwing, getPrototypeOf: throwing });
const withGetter = (name: string) => Object.defineProperty({}, name, { get: throwing });

describe("a lock() that returns something other than a lock", () => {
  it.each<[string, unknown]>([
    ["false", false],
    ["0", 0],
    ["an empty string", ""],
    ["NaN", Number.NaN],
    ["true", true],
    ["a string", "OK"],
    ["an array", []],
    ["a function", () => {}],
    ["an object without release", {}],
    ["an object whose release is not a function", { release: "now" }],
    ["an object whose release cannot be read", withGetter("release")],
    ["a promise of a thenable that throws", thenable(throwing)],
    ["a thenable that always resolves to itself", endless],
  ])("lets the load continue without a lock: %s", async (_, answer) => {
    const { aws, errors, resolver, finish } = await setUp(() => ({ lock: () => answer }));
    expect(await finish(resolver.resolve(INSTANCE))).toMatchObject({ accountId: "123456789012" });
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toMatchObject([{ operation: "lock", reason: "failed" }]);
  });

  it.each([undefined, null])("means that another process holds the lock if it is %s", async (answer) => {
    const { aws, errors, resolver, finish } = await setUp(() => ({ lock: async () => answer }));
    await finish(resolver.resolve(INSTANCE));
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toEqual([]);
  });

  it("reads the release method only once", async () => {
    let reads = 0;
    const lock = Object.defineProperty({}, "release", { get: () => (++reads === 1 ? async () => {} : undefined) });
    const { errors, resolver, finish } = await setUp(() => ({ lock: async () => lock }));
    await finish(resolver.resolve(INSTANCE));
    expect(errors).toEqual([]);
  });
});

describe("a get() that returns something other than a string", () => {
  it.each<[string, unknown]>([
    ["false", false],
    ["0", 0],
    ["an array", []],
    ["an object that looks like a string", { length: 5, toString: throwing }],
    ["a promise of an object", Promise.resolve({})],
    ["a string that is too long", "x".repeat(LONGEST_RECORD + 1)],
  ])("is a rejected record: %s", async (_, answer) => {
    const { aws, errors, resolver, finish } = await setUp(() => ({ get: () => answer }));
    await finish(resolver.resolve(INSTANCE));
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(new Set(errors.map(({ operation, reason }) => `${operation} ${reason}`))).toEqual(
      new Set(["get unreadable"]),
    );
  });

  it.each<[string, object]>([
    ["a thenable that throws", thenable(throwing)],
    ["a thenable that cannot be read", withGetter("then")],
    ["a thenable that rejects with an unreadable error", thenable((_, reject) => reject(withGetter("name")))],
    ["a thenable that rejects with a hostile proxy", thenable((_, reject) => reject(hostileProxy))],
  ])("is a failure of the store: %s", async (_, answer) => {
    const { errors, resolver, finish } = await setUp(() => ({ get: () => answer }));
    await finish(resolver.resolve(INSTANCE));
    expect(errors).toMatchObject([{ operation: "get", reason: "failed" }]);
  });

  it("is a rejected record if it is a thenable that resolves to itself", async () => {
    const { errors, resolver, finish } = await setUp(() => ({ get: () => endless }));
    await finish(resolver.resolve(INSTANCE));
    expect(errors[0]).toMatchObject({ operation: "get", reason: "unreadable" });
  });

  it("is accepted if it is a record without a promise", async () => {
    const { aws, errors, store, start, finish } = await setUp(() => ({}));
    const session = await finish(start().resolve(INSTANCE));
    const [record] = store.records().values();
    expect(await finish(start({ get: () => record }).resolve(INSTANCE))).toEqual(session);
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(errors).toEqual([]);
  });
});

describe("set(), delete() and release() that return anything", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["false", false],
    ["a string", "no"],
    ["a thenable that always resolves to itself", endless],
  ])("has its value ignored: %s", async (_, answer) => {
    const { errors, resolver, finish } = await setUp((store) => ({
      async set(key: string, record: string, ttl: number) {
        await store.set(key, record, ttl);
      },
      delete: () => answer,
      lock: async () => ({ release: () => answer }),
    }));
    const { accessKeyId } = await finish(resolver.resolve(INSTANCE));
    await finish(resolver.invalidate(INSTANCE));
    expect((await finish(resolver.resolve(INSTANCE))).accessKeyId).not.toBe(accessKeyId);
    expect(errors).toEqual([]);
  });

  it("leave no unhandled rejection if a late lock cannot be released", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    onTestFinished(() => void process.off("unhandledRejection", unhandled));
    let give = (_lock: unknown) => {};
    const late = new Promise((resolve) => {
      give = resolve;
    });
    const { errors, resolver, finish } = await setUp(() => ({ lock: () => late }));
    await finish(resolver.resolve(INSTANCE));
    give({ release: throwing });
    await turn();
    expect(errors).toMatchObject([{ operation: "lock", reason: "timeout" }]);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

it("a session whose record is too long for a store is not shared", async () => {
  const { errors, resolver, store, finish } = await setUp(() => ({}));
  const send = async () => ({
    Credentials: {
      AccessKeyId: "ASIALONGTOKEN0000000",
      SecretAccessKey: "secret",
      SessionToken: "t".repeat(LONGEST_RECORD),
      Expiration: new Date(Date.now() + 3_600_000),
    },
  });
  await resolver.close();
  const own = createCredentialResolver({ store, stsClient: () => ({ send }) as never });
  onTestFinished(() => own.close());
  expect(await finish(own.resolve(INSTANCE))).toMatchObject({ accessKeyId: "ASIALONGTOKEN0000000" });
  expect(store.records().size).toBe(0);
  expect(errors).toMatchObject([{ operation: "set", reason: "failed", error: { name: "StoreError" } }]);
});
