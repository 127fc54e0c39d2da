import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { Flight } from "../../src/session/flight.js";
import { StsLimiter } from "../../src/sources/sts-limiter.js";
import { createManualClock } from "../../src/testing/index.js";
import { listen } from "../support/events.js";
import { ACCOUNT, MINUTE, SECOND, setUpLocal } from "../support/local.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A limiter with one call at a time, and the order in which calls ran. */
function setUp() {
  const clock = createManualClock();
  const limiter = new StsLimiter(1, clock);
  const order: string[] = [];
  const run = (name: string, flight: Flight, line: readonly string[], isRetry = false) =>
    limiter.run(flight, async () => void order.push(name), { line, isRetry });
  const flood = (base: string, roles: number, calls: number) =>
    Array.from({ length: calls }, (_, index) => {
      const role = `role-${index % roles}`;
      return run(`flood ${base}`, new Flight().raise(), [base, role]);
    });
  const blocked = limiter.run(new Flight(), turn);
  return { clock, limiter, order, run, flood, blocked };
}

describe("many calls for one tenant", () => {
  it("with one role delay another role's caller by one call", async () => {
    const { order, run, flood, blocked } = setUp();
    const all = [blocked, ...flood("base", 1, 400), run("other", new Flight().raise(), ["base", "other role"])];
    await Promise.all(all);
    expect(order.indexOf("other")).toBe(1);
  });

  it("with a thousand roles delay another base identity's caller by one call", async () => {
    const { order, run, flood, blocked } = setUp();
    const all = [blocked, ...flood("base", 1000, 1000), run("other", new Flight().raise(), ["other base", "role"])];
    await Promise.all(all);
    expect(order.indexOf("other")).toBe(1);
  });

  it("delay each of many tenants by one call for each other tenant", async () => {
    const { order, run, flood, blocked } = setUp();
    const all: Promise<unknown>[] = [blocked, ...flood("base", 1, 100)];
    for (const call of [1, 2]) {
      for (const tenant of ["a", "b", "c"]) all.push(run(`${tenant}${call}`, new Flight().raise(), [tenant, "role"]));
    }
    await Promise.all(all);
    expect(order.slice(0, 9)).toEqual(["flood base", "a1", "b1", "c1", "flood base", "a2", "b2", "c2", "flood base"]);
  });

  it("do not overtake another tenant's second attempt", async () => {
    const { order, run, flood, blocked } = setUp();
    const all = [blocked, ...flood("base", 1, 10), run("again", new Flight().raise(), ["base", "other"], true)];
    await Promise.all(all);
    expect(order[0]).toBe("again");
  });
});

describe("a background refresh", () => {
  it("alternates with waiting callers after 10 seconds in the queue, including its own tenant's", async () => {
    const { clock, order, run, flood, blocked } = setUp();
    const refreshes = [run("refresh", new Flight(), ["base", "role-0"]), run("refresh", new Flight(), ["b", "role"])];
    const callers = flood("base", 1, 100);
    clock.freeze(10 * SECOND);
    await Promise.all([blocked, ...refreshes, ...callers]);
    expect(order.indexOf("refresh")).toBeLessThanOrEqual(2);
    expect(order.lastIndexOf("refresh")).toBeLessThanOrEqual(3);
  });

  it("waits behind every caller until then", async () => {
    const { clock, order, run, flood, blocked } = setUp();
    const refresh = run("refresh", new Flight(), ["other base", "role"]);
    const callers = flood("base", 1, 100);
    clock.freeze(9 * SECOND);
    await Promise.all([blocked, refresh, ...callers]);
    expect(order.indexOf("refresh")).toBe(100);
  });

  it("runs before its session expires, even while new session names request more than STS can grant", async () => {
    const clock = createManualClock({ now: Date.now() });
    let calls = 0;
    const stsClient = {
      async send() {
        if (calls > 0) await clock.sleep(SECOND);
        const Expiration = new Date(clock.now() + 15 * MINUTE);
        const Credentials = {
          AccessKeyId: `ASIA${++calls}`,
          SecretAccessKey: "made-up",
          SessionToken: "made-up",
          Expiration,
        };
        return { Credentials };
      },
    };
    await using resolver = createCredentialResolver({ stsClient, runtime: clock, assumeRole: { maxConcurrent: 1 } });
    const instance = { roleArn: `arn:aws:iam::${ACCOUNT}:role/Used`, roleSessionDuration: 900, region: "eu-west-1" };
    const { accessKeyId } = await resolver.resolve(instance);
    await clock.advance(9 * MINUTE);
    await resolver.resolve(instance); // it is in use

    const refreshed: unknown[] = [];
    listen("aws-rolecall:refreshed", (event) => refreshed.push(event));
    for (let second = 0; second < 5 * 60; second++) {
      for (const half of ["a", "b"]) {
        resolver.resolve(instance, { roleSessionName: `flood-${second}-${half}` }).catch(() => {});
      }
      await clock.advance(SECOND);
    }
    expect(refreshed).toContainEqual(expect.objectContaining({ roleArn: instance.roleArn, background: true }));
    expect((await resolver.resolve(instance)).accessKeyId).not.toBe(accessKeyId);
  });
});

describe("the async context of a call", () => {
  it("is the context of its caller, not of the call that ended before it", async () => {
    const tenant = new AsyncLocalStorage<string>();
    const limiter = new StsLimiter(1, createManualClock());
    const names = ["a", "b", "c"];
    const seen = await Promise.all(
      names.map((name) =>
        tenant.run(name, () =>
          limiter.run(new Flight(), async () => {
            await turn();
            return tenant.getStore();
          }),
        ),
      ),
    );
    expect(seen).toEqual(names);
  });

  it("never lets a provider see another tenant's store, however many tenants wait for STS", async () => {
    const { aws, resolver } = await setUpLocal({ resolver: { assumeRole: { maxConcurrent: 1 } } });
    const tenant = new AsyncLocalStorage<string>();
    const seen: [string, string | undefined][] = [];
    const tenants = Array.from({ length: 10 }, (_, index) => `tenant-${index}`);
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/Shared`;
    aws.setRole({ roleArn, trustedPrincipals: ["*"] });
    await Promise.all(
      tenants.map((name) => {
        const keys = aws.issueUserKeys({ userArn: `arn:aws:iam::${ACCOUNT}:user/${name}` });
        const credentials = async () => {
          seen.push([name, tenant.getStore()]);
          return keys;
        };
        return tenant.run(name, () => resolver.resolve({ roleArn, credentials, region: "eu-west-1" }));
      }),
    );
    expect(seen.sort()).toEqual(tenants.map((name) => [name, name]));
  });
});
