import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SessionEvent } from "../../src/diagnostics.js";
import {
  type CredentialResolver,
  type CredentialResolverOptions,
  type CredentialStore,
  createCredentialResolver,
  type IntegrationInstance,
  type RolecallEvents,
} from "../../src/index.js";
import { sha256, stableDigest } from "../../src/request/canonical.js";
import { createRoleRequest } from "../../src/request/role-request.js";
import {
  createManualClock,
  createMemoryStore,
  type LocalAwsOptions,
  type ManualClock,
  startLocalAws,
} from "../../src/testing/index.js";
import { newEncryptionKey } from "../support/encryption-key.js";
import { EVENT_NAMES, listen } from "../support/events.js";
import { assumeRoleCalls, HOUR, MINUTE, OTHER_ROLE, ROLE, SECOND } from "../support/local.js";

import { seededRandom } from "../support/seeded-random.js";

const INSTANCE: IntegrationInstance = { roleArn: ROLE, region: "eu-central-1" };

/** Processes on one machine that share a store, and all their calls to AWS. */
async function setUp({
  awsClock,
  clock = createManualClock({ now: Date.now() }),
}: {
  awsClock?: LocalAwsOptions["clock"];
  clock?: ManualClock;
} = {}) {
  const aws = await startLocalAws({
    clock: awsClock ?? clock,
    roles: [ROLE, OTHER_ROLE].map((roleArn) => ({ roleArn, trustedPrincipals: ["*"] })),
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  onTestFinished(() => aws.close());
  const store = createMemoryStore({ clock });
  const errors: RolecallEvents["store-error"][] = [];
  listen("aws-rolecall:store-error", (message) => errors.push(message as RolecallEvents["store-error"]));
  const refreshed: RolecallEvents["refreshed"][] = [];
  listen("aws-rolecall:refreshed", (message) => refreshed.push(message as RolecallEvents["refreshed"]));
  const start = (options: CredentialResolverOptions = {}) => {
    const resolver = createCredentialResolver({ store, runtime: clock, ...options });
    onTestFinished(() => resolver.close());
    return resolver;
  };
  /** Advances the clock in small steps until the work is done. Returns the result and the milliseconds that it took. */
  const timed = async <T>(work: Promise<T>): Promise<{ outcome: T; took: number }> => {
    const began = clock.monotonic();
    let done = false;
    const end = work.finally(() => {
      done = true;
    });
    end.catch(() => {});
    await clock.settle();
    while (!done) await clock.advance(10);
    return { outcome: await end, took: clock.monotonic() - began };
  };
  return { aws, clock, store, errors, refreshed, start, timed };
}

describe("a session in the store", () => {
  it("is served without IMDS and STS", async () => {
    const { aws, clock, refreshed, start } = await setUp();
    const session = await start().resolve(INSTANCE);
    await clock.advance(MINUTE);
    aws.clearRequests();
    expect(await start().resolve(INSTANCE)).toEqual(session);
    expect(aws.requests).toEqual([]);
    expect(refreshed.filter(({ roleArn }) => roleArn === ROLE)).toMatchObject([
      { shared: false, life: HOUR },
      { shared: true, life: HOUR - MINUTE, background: false },
    ]);
  });

  it("is requested once by many processes that start together", async () => {
    const { aws, start, timed } = await setUp();
    const { outcome } = await timed(Promise.all(Array.from({ length: 20 }, () => start().resolve(INSTANCE))));
    expect(new Set(outcome.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("is refreshed by one process and reused by the others", async () => {
    const { aws, clock, start } = await setUp();
    const processes = [start(), start(), start()];
    const keys = async () => {
      const found = [];
      for (const one of processes) found.push((await one.resolve(INSTANCE)).accessKeyId);
      return found;
    };
    const [first] = await keys();
    await clock.advance(44 * MINUTE);
    expect(new Set(await keys())).toEqual(new Set([first]));
    await clock.advance(10 * MINUTE);
    const after = await keys();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(first);
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("is refreshed in the background for a process that requests it once and ends", async () => {
    const { aws, clock, start } = await setUp();
    const { accessKeyId } = await start().resolve(INSTANCE);
    clock.freeze(50 * MINUTE);
    expect((await start().resolve(INSTANCE)).accessKeyId).toBe(accessKeyId);
    await clock.settle();
    expect(assumeRoleCalls(aws)).toBe(2);
    expect((await start().resolve(INSTANCE)).accessKeyId).not.toBe(accessKeyId);
  });

  it("is served although its refresh is due, if the held one has expired and STS does not respond", async () => {
    const { aws, clock, start, timed } = await setUp();
    const [idle, busy] = [start({ refresh: { ahead: false } }), start({ refresh: { ahead: false } })];
    const old = await idle.resolve(INSTANCE);
    clock.freeze(59 * MINUTE + 55 * SECOND);
    const { outcome: session } = await timed(busy.resolve(INSTANCE));
    expect(session.accessKeyId).not.toBe(old.accessKeyId);
    clock.freeze(54 * MINUTE);
    aws.fault({ on: { target: "sts" }, status: 503 });
    const { outcome, took } = await timed(idle.resolve(INSTANCE));
    expect(outcome).toEqual(session);
    expect(took).toBe(0);
  });

  it("does not replace the held session in a background refresh if it is due itself", async () => {
    const { aws, clock, store, start } = await setUp();
    let replayed: string | undefined;
    const replaying = { ...store, get: async (key: string) => replayed ?? store.get(key) };
    const resolver = start({ store: replaying, refresh: { ahead: false } });
    await start({ refresh: { ahead: false } }).resolve(INSTANCE);
    const [record] = store.records().values();
    clock.freeze(5 * MINUTE);
    const held = await resolver.resolve(INSTANCE, {}, { forceRefresh: true });
    replayed = record;
    clock.freeze(54 * MINUTE + 30 * SECOND);
    expect(await resolver.resolve(INSTANCE)).toEqual(held);
    await clock.settle();
    expect(assumeRoleCalls(aws)).toBe(3);
  });

  it("is still served while another process refreshes it", async () => {
    const { aws, clock, store, start } = await setUp();
    let isTaken = false;
    const resolver = start({
      store: { ...store, lock: async (key, ttl) => (isTaken ? undefined : store.lock(key, ttl)) },
    });
    const { accessKeyId } = await resolver.resolve(INSTANCE);
    isTaken = true;
    await clock.advance(55 * MINUTE);
    expect((await resolver.resolve(INSTANCE)).accessKeyId).toBe(accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("is not awaited longer than one STS call can take, if the lock owner never shares it", async () => {
    const { aws, store, start, timed } = await setUp();
    const resolver = start({ store: { ...store, lock: async () => undefined }, assumeRole: { attemptTimeout: 2000 } });
    const { took } = await timed(resolver.resolve(INSTANCE));
    expect(took).toBeGreaterThanOrEqual(2000);
    expect(took).toBeLessThan(2500);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("is requested without a lock if the store has none", async () => {
    const { aws, store, start } = await setUp();
    const { lock, ...without } = store;
    await start({ store: without }).resolve(INSTANCE);
    await start({ store: without }).resolve(INSTANCE);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("is used only if it lives long enough and is new enough for the caller", async () => {
    const { aws, clock, start } = await setUp();
    const session = await start().resolve(INSTANCE);
    await clock.advance(20 * MINUTE);
    expect(await start().resolve(INSTANCE, {}, { minRemaining: 30 * MINUTE })).toEqual(session);
    const longer = await start().resolve(INSTANCE, {}, { minRemaining: 50 * MINUTE });
    expect(longer.accessKeyId).not.toBe(session.accessKeyId);
    const forced = await start().resolve(INSTANCE, {}, { forceRefresh: true });
    expect(forced.accessKeyId).not.toBe(longer.accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(3);
    expect(await start().resolve(INSTANCE)).toEqual(forced);
  });

  it("is deleted by invalidate() if it is the process's own session", async () => {
    const { aws, store, start } = await setUp();
    const [one, other] = [start(), start()];
    const first = await one.resolve(INSTANCE);
    await other.resolve(INSTANCE);
    await one.invalidate(INSTANCE);
    expect(store.records().size).toBe(0);
    const second = await one.resolve(INSTANCE);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    await other.invalidate(INSTANCE);
    expect(store.records().size).toBe(1);
    expect(await other.resolve(INSTANCE)).toEqual(second);
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("is not reused after invalidate(), even if the store still returns it", async () => {
    const { aws, store, start, timed } = await setUp();
    const stubborn = { ...store, delete: async () => {} };
    const resolver = start({ store: stubborn });
    const first = await resolver.resolve(INSTANCE);
    await resolver.invalidate(INSTANCE);
    const { outcome } = await timed(resolver.resolve(INSTANCE));
    expect(outcome.accessKeyId).not.toBe(first.accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("is served to no caller if a refresh returns it after invalidate()", async () => {
    const { aws, clock, store, start, timed } = await setUp();
    const resolver = start({ refresh: { ahead: false } });
    const first = await resolver.resolve(INSTANCE);
    clock.freeze(55 * MINUTE);
    aws.setLatency(1000, { target: "sts" });
    await resolver.resolve(INSTANCE); // starts the refresh
    await clock.settle();
    await resolver.invalidate(INSTANCE);
    const invalidated = clock.now();
    await clock.advance(1500);
    expect(assumeRoleCalls(aws)).toBe(2);
    expect(store.records().size).toBe(0);
    const { outcome } = await timed(resolver.resolve(INSTANCE));
    expect(outcome.accessKeyId).not.toBe(first.accessKeyId);
    expect(outcome.expiration?.getTime()).toBeGreaterThan(invalidated + HOUR);
    expect(assumeRoleCalls(aws)).toBe(3);
  });

  it("is not reused after a second one was dropped, even if the store returns the first", async () => {
    const { store, start, timed } = await setUp();
    const keeping = { ...store, delete: async () => {} };
    let records: ReadonlyMap<string, string> | undefined;
    const resolver = start({ store: { ...keeping, get: async (key) => records?.get(key) ?? store.get(key) } });
    const keys: string[] = [];
    for (const _ of [1, 2, 3]) {
      keys.push((await timed(resolver.resolve(INSTANCE))).outcome.accessKeyId);
      records ??= new Map(store.records());
      await resolver.invalidate(INSTANCE);
    }
    expect(new Set(keys).size).toBe(3);
  });

  it("is not served to later processes after a service says that it has expired", async () => {
    const { aws, start } = await setUp();
    const one = start();
    const { accessKeyId } = await one.resolve(INSTANCE);
    aws.expireSession(accessKeyId);
    const { EC2Client, DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
    await one.getClientForCommand(EC2Client, INSTANCE).send(new DescribeInstancesCommand({}));
    expect((await start().resolve(INSTANCE)).accessKeyId).not.toBe(accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(2);
  });
});

describe("sharing", () => {
  async function isShared(...sides: [CredentialResolver, IntegrationInstance][]) {
    const keys = [];
    for (const [resolver, instance] of sides) keys.push((await resolver.resolve(instance)).accessKeyId);
    return new Set(keys).size === 1;
  }

  it("happens between processes of the same scope only", async () => {
    const { store, start } = await setUp();
    const of = (scope: string) => start({ store: { ...store, scope } });
    expect(await isShared([of("fleet a"), INSTANCE], [of("fleet a"), INSTANCE])).toBe(true);
    expect(await isShared([of("fleet b"), INSTANCE], [of("fleet c"), INSTANCE])).toBe(false);
  });

  it("happens only between identical requests", async () => {
    const { start } = await setUp();
    for (const other of [
      { roleArn: OTHER_ROLE },
      { roleSessionDuration: 7200 },
      { externalId: "external-id" },
      { policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] },
      { tags: { team: "one" } },
    ]) {
      expect(await isShared([start(), INSTANCE], [start(), { ...INSTANCE, ...other }])).toBe(false);
    }
  });

  it("happens only between processes that call the same AWS", async () => {
    const { clock, start } = await setUp();
    const of = (env: Record<string, string>) => start({ runtime: { ...clock, env: { HOME: "/nowhere", ...env } } });
    const one = { AWS_ENDPOINT_URL: "https://one.example" };
    expect(await isShared([of(one), INSTANCE], [of(one), INSTANCE])).toBe(true);
    for (const other of [
      {},
      { AWS_ENDPOINT_URL: "https://two.example" },
      { ...one, AWS_PROFILE: "inventory" },
      { ...one, AWS_ENDPOINT_URL_STS: "https://two.example" },
      { ...one, AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://two.example" },
    ]) {
      expect(await isShared([of(one), INSTANCE], [of(other), INSTANCE])).toBe(false);
    }
  });

  it("never reaches the store for a role that is not allowed", async () => {
    const { store, start } = await setUp();
    await start().resolve(INSTANCE);
    const asked: string[] = [];
    const resolver = start({
      store: {
        ...store,
        get: async (key) => {
          asked.push(key);
          return store.get(key);
        },
      },
    });
    const instance = { ...INSTANCE, roleArn: OTHER_ROLE, allowedRoles: [OTHER_ROLE] };
    await expect(resolver.resolve(instance, { roleArn: ROLE })).rejects.toMatchObject({ code: "ROLE_NOT_ALLOWED" });
    expect(asked).toEqual([]);
  });

  it("requires a name for a base identity that is a function, and shares by that name", async () => {
    const { aws, start } = await setUp();
    const keys = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/engine" });
    const credentials = async () => keys;
    const attempt = () => start().resolve({ ...INSTANCE, credentials });
    await expect(async () => attempt()).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      field: "instance.credentialsName",
    });
    expect(aws.requests).toEqual([]);
    const named = (credentialsName: string) => ({ ...INSTANCE, credentials: async () => keys, credentialsName });
    expect(await isShared([start(), named("engine")], [start(), named("engine")])).toBe(true);
    expect(await isShared([start(), named("engine")], [start(), named("another")], [start(), INSTANCE])).toBe(false);
    // Without a role nothing is shared, so no name is needed.
    expect(await start().resolve({ region: "eu-central-1", credentials })).toMatchObject({
      accessKeyId: keys.accessKeyId,
    });
  });

  it("happens between the same static keys", async () => {
    const { aws, start } = await setUp();
    const engine = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/engine" });
    const another = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/another" });
    const of = (credentials: typeof engine): IntegrationInstance => ({ ...INSTANCE, credentials });
    expect(await isShared([start(), of(engine)], [start(), of({ ...engine })])).toBe(true);
    expect(await isShared([start(), of(engine)], [start(), of(another)])).toBe(false);
    expect(await isShared([start(), of(engine)], [start(), INSTANCE])).toBe(false);
  });

  it("never includes the base identity's own credentials", async () => {
    const { aws, store, start } = await setUp();
    const resolver = start();
    const base = await resolver.resolve({ region: "eu-central-1" });
    expect(store.records().size).toBe(0);
    await resolver.verify(INSTANCE);
    const records = [...store.records().values()].join();
    expect(records).toContain(ROLE);
    expect(records).not.toContain(base.accessKeyId);
    expect(records).not.toContain(base.secretAccessKey);
    await resolver.invalidate({ region: "eu-central-1" });
    expect(store.records().size).toBe(1);
    expect(aws.count({ target: "imds" })).toBeGreaterThan(0);
  });

  it("never includes a resolver whose instance profile comes from a function", async () => {
    const { store } = await setUp();
    expect(() =>
      createCredentialResolver({ store, instanceProfile: async () => ({ accessKeyId: "x", secretAccessKey: "x" }) }),
    ).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field: "options.instanceProfile" }));
  });
});

describe("a wrong clock", () => {
  it.each([-3 * HOUR, 3 * HOUR])(
    "that is off by %d ms is corrected by what the writer learned from AWS",
    async (wrong) => {
      const clock = createManualClock({ now: Date.now() });
      const awsClock = { now: () => clock.now() + wrong };
      const { aws, start } = await setUp({ clock, awsClock });
      const session = await start().resolve(INSTANCE);
      await clock.advance(30 * MINUTE);
      expect(await start().resolve(INSTANCE)).toEqual(session);
      // Another host, whose clock is right.
      const rightClock = { ...clock, now: awsClock.now, hostname: () => "another" };
      expect(await start({ runtime: rightClock }).resolve(INSTANCE)).toEqual(session);
      expect(assumeRoleCalls(aws)).toBe(1);
      await clock.advance(29 * MINUTE + 49 * SECOND);
      expect(await start().resolve(INSTANCE)).toEqual(session);
      await clock.advance(2 * SECOND);
      expect((await start().resolve(INSTANCE)).accessKeyId).not.toBe(session.accessKeyId);
    },
  );
});

describe("a slow clock on another host", () => {
  it("rejects sessions from its future until a response from STS corrects it", async () => {
    const { aws, clock, errors, start } = await setUp();
    const session = await start().resolve(INSTANCE);
    clock.freeze(50 * MINUTE);
    const slow = { ...clock, now: () => clock.now() - 2 * HOUR, hostname: () => "slow" };
    const resolver = start({ runtime: slow, refresh: { ahead: false } });
    const own = await resolver.resolve(INSTANCE);
    expect(own.accessKeyId).not.toBe(session.accessKeyId);
    expect(errors[0]).toMatchObject({ operation: "get", reason: "ahead", roleArn: ROLE });
    errors.length = 0;
    // With AWS's time it accepts what others share.
    const forced = await start().resolve(INSTANCE, {}, { forceRefresh: true });
    await resolver.invalidate(INSTANCE);
    expect(await resolver.resolve(INSTANCE)).toEqual(forced);
    expect(errors).toEqual([]);
    expect(assumeRoleCalls(aws)).toBe(3);
  });
});

describe("a store that fails", () => {
  const never = (): Promise<never> => new Promise(() => {});
  const fails = async (): Promise<never> => {
    throw new Error("down");
  };
  const throws = (): never => {
    throw new Error("down");
  };
  const DEADLINE = 250;
  const operations = ["get", "set", "delete", "lock"] as const;

  async function commandsWith(broken: (store: ReturnType<typeof createMemoryStore>) => Partial<CredentialStore>) {
    const local = await setUp();
    const resolver = local.start({ store: { ...local.store, ...broken(local.store) } });
    const times: number[] = [];
    const step = async (work: () => Promise<unknown>) => times.push((await local.timed(work())).took);
    const first = await local.timed(resolver.resolve(INSTANCE));
    times.push(first.took);
    await step(() => resolver.resolve({ ...INSTANCE, roleArn: OTHER_ROLE }));
    await step(() => resolver.invalidate(INSTANCE));
    await step(() => resolver.resolve(INSTANCE));
    return { ...local, resolver, times };
  }

  type BrokenStore = [does: string, parts: object, reasons: string[]];
  const BROKEN: BrokenStore[] = [
    ...operations.flatMap((operation): BrokenStore[] => [
      [`hangs at ${operation}`, { [operation]: never }, ["timeout"]],
      [`rejects ${operation}`, { [operation]: fails }, ["failed"]],
      [`throws at ${operation}`, { [operation]: throws }, ["failed"]],
    ]),
    ["hangs at release", { lock: async () => ({ release: never }) }, ["timeout"]],
    ["rejects release", { lock: async () => ({ release: fails }) }, ["failed"]],
    ["gives a lock that is none", { lock: async () => ({}) }, ["failed"]],
    ["gives a number", { get: async () => 7 }, ["unreadable"]],
    ["gives an object", { get: async () => ({ accessKeyId: "x" }) }, ["unreadable"]],
    ["gives an empty text", { get: async () => "" }, ["unreadable"]],
    ["gives 16 MiB", { get: async () => "x".repeat(2 ** 24) }, ["unreadable"]],
  ];
  it.each(BROKEN)("delays commands by at most its deadline before they use STS: %s", async (_, broken, reasons) => {
    const { aws, errors, times, resolver } = await commandsWith(() => broken as Partial<CredentialStore>);
    expect(assumeRoleCalls(aws)).toBe(3);
    expect(errors.length).toBeGreaterThan(0);
    expect(new Set(errors.map(({ reason }) => reason))).toEqual(new Set(reasons));
    expect(Math.max(...times)).toBeLessThanOrEqual(DEADLINE + 10);
    expect(resolver.stats()).toMatchObject({ storeErrors: errors.length, refreshFailures: 0 });
  });

  it("has one deadline for all operations of a load", async () => {
    const { clock, errors, start, store, timed } = await setUp();
    const slowly =
      <A extends unknown[], R>(operation: (...args: A) => Promise<R>) =>
      async (...args: A) => {
        await clock.sleep(100);
        return operation(...args);
      };
    const { get, set, lock } = store;
    const resolver = start({ store: { ...store, get: slowly(get), set: slowly(set), lock: slowly(lock) } });
    expect((await timed(resolver.resolve(INSTANCE))).took).toBeLessThanOrEqual(DEADLINE + 10);
    expect(errors).toMatchObject([{ operation: "get", reason: "timeout", roleArn: ROLE }]);
  });

  it("publishes an event if an operation leaves no time for the next one", async () => {
    const { clock, errors, start, store, timed } = await setUp();
    const get = async (key: string) => {
      await clock.sleep(DEADLINE);
      return store.get(key);
    };
    const resolver = start({ store: { ...store, get } });
    expect((await timed(resolver.resolve(INSTANCE))).took).toBeLessThanOrEqual(DEADLINE + 10);
    expect(store.records().size).toBe(0);
    expect(errors).toMatchObject([{ operation: "lock", reason: "timeout", roleArn: ROLE }]);
  });

  it("is not blamed if the process itself stalls", async () => {
    const { errors, store, start } = await setUp();
    const get = (key: string) => {
      const answer = readFile(import.meta.filename).then(() => store.get(key));
      const until = performance.now() + DEADLINE + 50;
      while (performance.now() < until); // as on a machine with fifty processes and two processors
      return answer;
    };
    await start({ store: { ...store, get }, runtime: {} }).resolve(INSTANCE);
    expect(errors).toEqual([]);
  });

  const SLOW: [string, (clock: ManualClock) => Promise<never>][] = [
    ["hangs", never],
    [
      "takes long to fail",
      async (clock) => {
        await clock.sleep(DEADLINE / 2 + 10);
        throw new Error("no connection");
      },
    ],
  ];
  it.each(SLOW)("is not used for five seconds and then tried again if it %s", async (_, answer) => {
    const { clock, store, start, timed } = await setUp();
    let asked = 0;
    let answers = false;
    const get = async (key: string) => {
      asked += 1;
      return answers ? store.get(key) : answer(clock);
    };
    const resolver = start({ store: { ...store, get } });
    let number = 0;
    const next = () => timed(resolver.resolve({ ...INSTANCE, tags: { number: `${++number}` } }));
    const { took } = await next();
    expect(took).toBeGreaterThan(DEADLINE / 2);
    expect(took).toBeLessThanOrEqual(DEADLINE + 10);
    expect(asked).toBe(1);
    for (let count = 0; count < 5; count++) expect((await next()).took).toBe(0);
    expect(asked).toBe(1);
    await clock.advance(5 * SECOND);
    answers = true;
    await next();
    expect(asked).toBeGreaterThan(1);
  });

  it("gets a late lock back when it arrives", async () => {
    const { clock, store, start, timed } = await setUp();
    let taken = 0;
    const lock = async (key: string, ttl: number) => {
      await clock.sleep(SECOND);
      taken += 1;
      return store.lock(key, ttl);
    };
    await timed(start({ store: { ...store, lock } }).resolve(INSTANCE));
    await clock.advance(2 * SECOND);
    expect(taken).toBe(1);
    expect((await timed(start().resolve(INSTANCE))).took).toBe(0);
  });

  it("gets its lock back even if set() failed, so that no other process waits for it", async () => {
    const { store, start, timed } = await setUp();
    await start().resolve({ ...INSTANCE, roleArn: OTHER_ROLE }); // loads the STS client, in real time
    const { took } = await timed(start({ store: { ...store, set: never } }).resolve(INSTANCE));
    expect(took).toBeLessThanOrEqual(DEADLINE + 10);
    expect((await timed(start().resolve(INSTANCE))).took).toBe(0);
  });

  it("delays a load at release() only for the time that is left", async () => {
    const { clock, errors, store, start, timed } = await setUp();
    await start().resolve({ ...INSTANCE, roleArn: OTHER_ROLE }); // loads the STS client, in real time
    const set = async (key: string, record: string, ttl: number) => {
      await clock.sleep(200);
      return store.set(key, record, ttl);
    };
    const release = async () => {
      await clock.sleep(SECOND);
      throw new Error("down");
    };
    const resolver = start({ store: { ...store, set, lock: async () => ({ release }) } });
    expect((await timed(resolver.resolve(INSTANCE))).took).toBeLessThanOrEqual(DEADLINE + 10);
    await clock.advance(2 * SECOND);
    expect(errors).toMatchObject([{ operation: "release", reason: "timeout" }]);
  });

  it("publishes an event with the role and the reason, but without any part of a record", async () => {
    const { errors, store, start } = await setUp();
    const quoting = async (_key: string, record: string) => {
      throw new Error(`cannot write ${record}`);
    };
    await start({ store: { ...store, set: quoting } }).resolve(INSTANCE);
    expect(errors).toMatchObject([
      {
        operation: "set",
        reason: "failed",
        roleArn: ROLE,
        error: { message: "(message withheld: it may quote a secret)" },
      },
    ]);
  });
});

describe("a store that returns the wrong records", () => {
  const WRONG = 100;

  it("causes a miss and an event for each one, and never a wrong session", async () => {
    const random = seededRandom(5);
    const below = (limit: number) => Math.floor(random() * limit);
    const { aws, errors, store, start, timed } = await setUp();
    const [key, unknown] = [newEncryptionKey(), newEncryptionKey()];
    const sealed = (encryptionKeys = [key]) => ({ ...store, scope: "sealed", encryptionKeys });
    const records: [key: string, record: string][] = [];
    for (const written of [store, sealed([unknown]), sealed()]) {
      for (const roleArn of [ROLE, OTHER_ROLE]) {
        await start({ store: written }).resolve({ ...INSTANCE, roleArn }, {}, { forceRefresh: true });
        records.unshift(...store.records());
      }
    }
    let misses = 0;
    for (let turn = 0; turn < WRONG; turn++) {
      const roleArn = [ROLE, OTHER_ROLE][below(2)] ?? ROLE;
      const lie = (asked: string) => {
        const others = records.filter(([stored]) => stored !== asked);
        const [, record = ""] = others[below(others.length)] ?? [];
        const own = records.find(([stored]) => stored === asked)?.[1] ?? record;
        const at = below(own.length);
        const flipped = own.slice(0, at) + String.fromCharCode(own.charCodeAt(at) ^ 1) + own.slice(at + 1);
        return [record, flipped, own.slice(0, at), `${own} `][below(4)];
      };
      const lying = {
        ...(below(2) === 0 ? store : sealed()),
        get: async (asked: string) => lie(asked),
        set: async () => {},
      };
      const before = errors.length;
      const { outcome } = await timed(start({ store: lying }).resolve({ ...INSTANCE, roleArn }));
      expect(outcome.assumedRoleArn).toContain(roleArn.slice(roleArn.lastIndexOf("/")));
      if (errors.length > before) misses++;
    }
    expect(misses).toBe(WRONG);
    expect(assumeRoleCalls(aws)).toBe(6 + WRONG);
  });

  it("causes a miss for an expired session", async () => {
    const { clock, errors, store, start } = await setUp();
    const session = await start().resolve(INSTANCE);
    const [[key, record] = []] = [...store.records()];
    await clock.advance(2 * HOUR);
    const replaying = { ...store, get: async (asked: string) => (asked === key ? record : undefined) };
    expect((await start({ store: replaying }).resolve(INSTANCE)).accessKeyId).not.toBe(session.accessKeyId);
    expect(errors).toContainEqual(expect.objectContaining({ operation: "get", reason: "expired", roleArn: ROLE }));
  });
});

describe("a key that leaves the process", () => {
  const EXTERNAL_ID = "4711815";
  const GUESSABLE = { ...INSTANCE, externalId: EXTERNAL_ID };
  const guesses = [EXTERNAL_ID, "1234567", "0000000"];

  /** What an attacker could compute with the library and the whole request except its external id. */
  function hashesOf(externalId: string): string[] {
    const { digest } = createRoleRequest({ ...GUESSABLE, externalId }, undefined, undefined, {}).chain;
    return [digest, sha256(digest), stableDigest({ session: digest, scope: "memory", environment: {} })];
  }

  it("is not a hash of guessable values in an event", async () => {
    const { start } = await setUp();
    const keys = new Set<string>();
    for (const name of EVENT_NAMES)
      listen(`aws-rolecall:${name}`, (message) => keys.add((message as SessionEvent).key));
    await start().resolve(GUESSABLE);
    expect(keys.size).toBeGreaterThan(1);
    for (const hash of guesses.flatMap(hashesOf)) expect(keys).not.toContain(hash);
  });

  it("is different in each process in an event", async () => {
    const key = () => createRoleRequest(GUESSABLE, undefined, undefined, {}).chain.key;
    vi.resetModules();
    const another = await import("../../src/request/role-request.js");
    expect(another.createRoleRequest).not.toBe(createRoleRequest);
    expect(another.createRoleRequest(GUESSABLE, undefined, undefined, {}).chain.key).not.toBe(key());
    expect(key()).toBe(key());
  });

  it("is not a hash of guessable values in a store with encryption keys", async () => {
    const { clock, start } = await setUp();
    const env = { HOME: "/nowhere" };
    const placesIn = async (encryptionKeys?: KeyObject[]) => {
      const store = createMemoryStore({ clock, ...(encryptionKeys && { encryptionKeys }) });
      await start({ store, runtime: { ...clock, env } }).resolve(GUESSABLE);
      return [...store.records().keys()];
    };
    const [plain] = await placesIn();
    const [sealed] = await placesIn([newEncryptionKey()]);
    const found = (place: string | undefined) => guesses.find((guess) => hashesOf(guess).includes(place ?? ""));
    expect(found(plain)).toBe(EXTERNAL_ID);
    expect(found(sealed)).toBeUndefined();
    expect(sealed).toMatch(/^[\w-]{43}$/);
  });
});

describe("an STS that grants more time than requested", () => {
  it.each([2 * HOUR, 13 * HOUR, 48 * HOUR])(
    "%d ms for one hour: the session is shared, for that hour",
    async (granted) => {
      const { clock, errors, start } = await setUp();
      let calls = 0;
      const send = async () => ({
        Credentials: {
          AccessKeyId: `ASIAGENEROUS00000${++calls}`,
          SecretAccessKey: "secret",
          SessionToken: "token",
          Expiration: new Date(clock.now() + granted),
        },
      });
      const process = () => start({ stsClient: () => ({ send }) as never, refresh: { ahead: false } });
      const session = await process().resolve(INSTANCE);
      await clock.advance(30 * MINUTE);
      expect(await process().resolve(INSTANCE)).toEqual(session);
      expect(calls).toBe(1);
      clock.freeze(30 * MINUTE);
      expect((await process().resolve(INSTANCE)).accessKeyId).not.toBe(session.accessKeyId);
      expect(calls).toBe(2);
      expect(errors).toEqual([]);
    },
  );
});

describe("encryption keys that a store loses", () => {
  it.each([[[]], [undefined]])("never lead to an unencrypted record: %j", async (lost) => {
    const { clock, start } = await setUp();
    const store = createMemoryStore({ clock });
    const losing = { ...store, encryptionKeys: [newEncryptionKey()] as KeyObject[] | undefined };
    const resolver = start({ store: losing });
    await resolver.resolve(INSTANCE);
    losing.encryptionKeys = lost;
    await resolver.resolve({ ...INSTANCE, roleArn: OTHER_ROLE });
    const records = [...store.records().values()];
    expect(records.map((record) => record.split(".")[1])).toEqual(["sealed", "sealed"]);
  });
});

describe("encryption keys that are rotated", () => {
  it("find the session under the name of each key, and the first key writes", async () => {
    const { aws, clock, errors, start } = await setUp();
    const [old, next] = [newEncryptionKey(), newEncryptionKey()];
    const store = createMemoryStore({ clock });
    const having = (...encryptionKeys: KeyObject[]) => start({ store: { ...store, encryptionKeys } });
    const session = await having(old).resolve(INSTANCE);
    const [oldName] = store.records().keys();
    expect(await having(next, old).resolve(INSTANCE)).toEqual(session);
    expect(await having(old, next).resolve(INSTANCE)).toEqual(session);
    expect(errors).toEqual([]);

    await having(next, old).resolve(INSTANCE, {}, { forceRefresh: true });
    expect(store.records().size).toBe(2);
    const newer = await having(next).resolve(INSTANCE);
    expect(newer.accessKeyId).not.toBe(session.accessKeyId);
    expect(await having(next, old).resolve(INSTANCE)).toEqual(newer);
    expect(assumeRoleCalls(aws)).toBe(2);
    expect([...store.records().keys()]).toContain(oldName);
  });

  it("are all covered by invalidate()", async () => {
    const { clock, start } = await setUp();
    const [old, next] = [newEncryptionKey(), newEncryptionKey()];
    const store = createMemoryStore({ clock });
    const having = (...encryptionKeys: KeyObject[]) => start({ store: { ...store, encryptionKeys } });
    await having(old).resolve(INSTANCE);
    const both = having(next, old);
    await both.resolve(INSTANCE);
    await both.invalidate(INSTANCE);
    expect(store.records().size).toBe(0);
    await having(old).resolve(INSTANCE);
    await having(next).resolve(INSTANCE);
    expect(store.records().size).toBe(2);
    await having(old, next).invalidate(INSTANCE);
    expect(store.records().size).toBe(0);
  });
});
