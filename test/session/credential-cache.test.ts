import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { Diagnostics } from "../../src/diagnostics.js";
import { CredentialCache } from "../../src/session/credential-cache.js";
import { INSTANCE_PROFILE_RULES } from "../../src/session/refresh-policy.js";
import { createManualClock } from "../../src/testing/index.js";
import { LRU_CHANNELS, listen } from "../support/events.js";
import { createSource, failure, loader, MINUTE, session } from "./support.js";

function createCache(options: { maxSessions?: number } = {}) {
  const clock = createManualClock({ random: () => 0 });
  const diagnostics = new Diagnostics();
  const cache = new CredentialCache({
    runtime: clock,
    diagnostics,
    loader,
    maxSessions: options.maxSessions ?? 100,
    refreshAhead: true,
  });
  onTestFinished(() => cache.close());
  return { clock, cache, diagnostics };
}

describe("one load for each key", () => {
  it("is shared even if the key was evicted while it loads", async () => {
    const { clock, cache } = createCache({ maxSessions: 1 });
    const it = createSource();
    let finish: (() => void) | undefined;
    it.answers(() => new Promise((resolve) => (finish = () => resolve(session(1)))));
    const first = cache.get(it.source);
    await clock.settle();
    await cache.get(createSource({ key: "other" }).source);
    const second = cache.get(it.source);
    await clock.settle();
    finish?.();
    expect(await first).toBe(await second);
    expect([it.loads, it.mostAtOnce]).toEqual([1, 1]);
  });

  it("does not return another key's session", async () => {
    const { cache } = createCache();
    const [one, two] = [createSource({ key: "one" }), createSource({ key: "two" })];
    one.answers(async () => session(1));
    two.answers(async () => session(2));
    expect((await cache.get(one.source)).accessKeyId).toBe("ASIA1");
    expect((await cache.get(two.source)).accessKeyId).toBe("ASIA2");
  });
});

describe("maxSessions", () => {
  it("evicts the least recently used session, ends its timer and publishes an event", async () => {
    const { clock, cache, diagnostics } = createCache({ maxSessions: 2 });
    const sources = ["one", "two", "three"].map((key) => createSource({ key }));
    for (const { source } of sources) await cache.get(source);
    expect([cache.size, diagnostics.count("evicted")]).toEqual([2, 1]);
    await clock.advance(20 * MINUTE);
    for (const { source } of sources.slice(1)) await cache.get(source);
    await clock.advance(39 * MINUTE);
    expect(sources.map(({ loads }) => loads)).toEqual([1, 2, 2]);
    await cache.get((sources[0] as (typeof sources)[0]).source);
    expect((sources[0] as (typeof sources)[0]).loads).toBe(2);
  });
});

describe("close", () => {
  it("releases waiting callers, ends timers and rejects later calls", async () => {
    const { clock, cache } = createCache();
    await cache.get(createSource({ key: "held" }).source);
    const it = createSource();
    it.answers(() => new Promise(() => {}));
    const waiting = expect(cache.get(it.source)).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
    cache.close();
    await waiting;
    await expect(cache.get(it.source)).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
    await clock.settle();
    expect([clock.pendingTimers, cache.size]).toEqual([0, 0]);
  });
});

describe("an identity that turned into another one", () => {
  const identified = (number: number, identity: string) => ({ ...session(number), identity });

  function createChain(options: { maxSessions?: number } = {}) {
    const chain = {
      ...createCache(options),
      base: createSource({ key: "base", rules: INSTANCE_PROFILE_RULES }),
      hub: createSource({ key: "hub", parentKey: "base" }),
      role: createSource({ key: "role", parentKey: "hub" }),
      stranger: createSource({ key: "stranger", parentKey: "another base" }),
    };
    chain.base.answers(async () => identified(chain.base.loads, "role A"));
    return chain;
  }
  const becomesAnother = ({ base }: ReturnType<typeof createChain>) =>
    base.answers(async () => identified(base.loads, "role B"));

  it("takes all sessions along that were obtained with it, and no others", async () => {
    const chain = createChain();
    const { cache, base, hub, role, stranger } = chain;
    for (const { source } of [base, hub, role, stranger]) await cache.get(source);
    await cache.get(base.source, { forceRefresh: true });
    for (const { source } of [base, hub, role, stranger]) await cache.get(source);
    expect([hub.loads, role.loads, stranger.loads]).toEqual([1, 1, 1]);
    becomesAnother(chain);
    await cache.get(base.source, { forceRefresh: true });
    for (const { source } of [base, hub, role, stranger]) await cache.get(source);
    expect([hub.loads, role.loads, stranger.loads]).toEqual([2, 2, 1]);
  });

  it("also counts if the first one had expired by every clock", async () => {
    const chain = createChain();
    const { cache, base, hub } = chain;
    const { credentials } = session(0);
    base.answers(async () => ({
      kind: "past-expiry",
      credentials,
      error: failure("INSTANCE_PROFILE_INVALID"),
      identity: "role A",
    }));
    for (const { source } of [base, hub]) await cache.get(source);
    becomesAnother(chain);
    await cache.get(base.source, { forceRefresh: true });
    await cache.get(hub.source);
    expect(hub.loads).toBe(2);
  });

  it("also counts if its own session was evicted in the meantime", async () => {
    const chain = createChain({ maxSessions: 2 });
    const { cache, base, hub, role } = chain;
    for (const { source } of [base, hub, role]) await cache.get(source);
    becomesAnother(chain);
    await cache.get(hub.source);
    await cache.get(base.source);
    await cache.get(hub.source);
    expect([base.loads, hub.loads]).toEqual([2, 2]);
  });

  it("ends ten thousand sessions with few looks at each of them", async () => {
    const chain = createChain({ maxSessions: 20_000 });
    const { cache, base, hub } = chain;
    const roles = Array.from({ length: 10_000 }, (_, number) => createSource({ key: `${number}`, parentKey: "hub" }));
    for (const { source } of [base, hub, ...roles]) await cache.get(source);
    let looks = 0;
    for (const { source } of roles) {
      Object.defineProperty(source, "parent", { get: () => ++looks && hub.source });
    }
    becomesAnother(chain);
    await cache.get(base.source, { forceRefresh: true });
    expect(looks).toBeLessThan(10 * roles.length);
  });
});

it("nothing that lru-cache publishes or inspect prints contains a secret", async () => {
  const published: unknown[] = [];
  for (const name of LRU_CHANNELS) listen(name, (message) => published.push(message));
  const { cache } = createCache({ maxSessions: 1 });
  await cache.get(createSource().source);
  await cache.get(createSource({ key: "other" }).source);
  await cache.get(createSource({ key: "other" }).source);
  expect(published.length).toBeGreaterThan(0);
  const shown = inspect([published, cache], { depth: 20, showHidden: true }) + JSON.stringify([published, cache]);
  expect(shown).not.toContain("secret-");
});
