import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCredentialResolver, type StsLike } from "../src/index.js";
import { createManualClock } from "../src/testing/index.js";
import { collectedHeap } from "./soak/heap.js";
import { MINUTE, OTHER_ROLE, ROLE } from "./support/local.js";

const tenant = new AsyncLocalStorage<string>();

/** Two tenants, each with a provider that finds its keys through the async context of the caller. */
function setUp() {
  const clock = createManualClock({ env: { AWS_REGION: "us-east-1" } });
  const reads: [provider: string, context: string | undefined][] = [];
  const calls: [provider: string, context: string | undefined][] = [];
  let issued = 0;
  const providerOf = (name: string) => async () => {
    reads.push([name, tenant.getStore()]);
    const expiration = new Date(clock.now() + 60 * MINUTE);
    return {
      accessKeyId: `AKIA${name.toUpperCase()}${++issued}`.padEnd(16, "0"),
      secretAccessKey: "made-up",
      expiration,
    };
  };
  const stsClient = ({ credentials }: { credentials: () => Promise<{ accessKeyId: string }> }): StsLike => ({
    async send() {
      const { accessKeyId } = await credentials();
      calls.push([accessKeyId.startsWith("AKIARED") ? "red" : "blue", tenant.getStore()]);
      const expiration = new Date(clock.now() + 60 * MINUTE);
      return {
        Credentials: {
          AccessKeyId: `ASIA${++issued}`,
          SecretAccessKey: "made-up",
          SessionToken: "made-up",
          Expiration: expiration,
        },
      };
    },
  });
  const resolver = createCredentialResolver({ runtime: clock, stsClient });
  onTestFinished(() => resolver.close());
  const instances = {
    red: { roleArn: ROLE, credentials: providerOf("red") },
    blue: { roleArn: OTHER_ROLE, credentials: providerOf("blue") },
  };
  const use = (name: "red" | "blue") => tenant.run(name, () => resolver.resolve(instances[name]));
  return { clock, resolver, reads, calls, use };
}

describe("the async context of a caller", () => {
  it("never leaks to another tenant, in the foreground or in the background", async () => {
    const { clock, reads, calls, use } = setUp();
    for (let round = 0; round < 5; round++) {
      await Promise.all([use("red"), use("blue")]);
      await clock.advance(20 * MINUTE);
      await Promise.all([use("blue"), use("red")]);
      await clock.advance(30 * MINUTE); // timers refresh both
    }
    expect(reads.length).toBeGreaterThanOrEqual(8);
    expect(calls.length).toBeGreaterThanOrEqual(8);
    expect(reads.filter(([provider, context]) => provider !== context)).toEqual([]);
    expect(calls.filter(([provider, context]) => provider !== context)).toEqual([]);
  });

  it("of the first caller is not retained for the lifetime of the resolver", async () => {
    const { use, clock, resolver } = setUp();
    const held = new AsyncLocalStorage<object>();
    let context: object | undefined = { of: "the first caller" };
    const seen = new WeakRef(context);
    await held.run(context, async () => {
      await use("red");
    });
    await resolver.invalidate({ roleArn: ROLE });
    context = undefined;
    await clock.advance(24 * 60 * MINUTE);
    await collectedHeap();
    expect(seen.deref()).toBeUndefined();
  });
});
