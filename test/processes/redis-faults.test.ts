import { describe, expect, it, onTestFinished } from "vitest";
import { createCredentialResolver, type RolecallEvents } from "../../src/index.js";
import { redisStore } from "../../src/store/redis-store.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { listen } from "../support/events.js";
import { CLIENT_NAMES, CLIENTS, hasRedis, startInterceptor, startRedis } from "../support/redis.js";
import { madeUpSts } from "./made-up-sts.mjs";

/** Milliseconds: the store's deadline, plus what a busy machine may add. */
const DEADLINE = 250;
const NOISE = 150;
const COMMANDS = 20;

type Scene = {
  redis: Awaited<ReturnType<typeof startRedis>>;
  interceptor: Awaited<ReturnType<typeof startInterceptor>>;
};

const FAULTS: Record<string, (scene: Scene) => Promise<unknown>> = {
  "works (control)": async () => {},
  "was stopped": ({ redis }) => redis.stop(),
  "was restarted": async ({ redis }) => {
    await redis.stop();
    await redis.start();
  },
  hangs: async ({ interceptor }) => {
    interceptor.mode = "swallow";
  },
  "answers garbage": async ({ interceptor }) => {
    interceptor.mode = "garble";
  },
  "is full": async ({ redis }) => (await CLIENTS["node-redis"](redis.port)).configSet("maxmemory", "1"),
};

describe.runIf(hasRedis).each(CLIENT_NAMES)("commands for one role each, with %s, while Redis", (client) => {
  it.each(Object.keys(FAULTS))("%s: each succeeds within the store's deadline", async (fault) => {
    const redis = await startRedis();
    const interceptor = await startInterceptor(redis.port);
    const store = redisStore(await CLIENTS[client](interceptor.port), {
      scope: "fleet",
      encryptionKeys: [newEncryptionKeyText()],
    });
    const events: string[] = [];
    listen("aws-rolecall:store-error", (message) => {
      const { operation, reason } = message as RolecallEvents["store-error"];
      events.push(`${operation} ${reason}`);
    });
    const resolver = createCredentialResolver({ store, stsClient: () => madeUpSts() });
    onTestFinished(() => resolver.close());
    const command = (number: number) =>
      resolver.resolve({ roleArn: `arn:aws:iam::123456789012:role/Role${number}`, region: "eu-central-1" });
    await command(0);

    await FAULTS[fault]?.({ redis, interceptor });
    const times: number[] = [];
    for (let number = 1; number <= COMMANDS; number++) {
      const began = performance.now();
      await command(number);
      times.push(performance.now() - began);
    }
    const kinds = [...new Set(events)].map(
      (kind) => `${kind} ${events.filter((event) => event === kind).length} times`,
    );
    console.info(
      `${client}, Redis ${fault}: slowest of ${COMMANDS} ${Math.max(...times).toFixed(0)} ms; events: ${kinds.join(", ") || "none"}`,
    );
    expect(Math.max(...times)).toBeLessThan(DEADLINE + NOISE);
    expect(times.filter((time) => time > DEADLINE / 2).length).toBeLessThanOrEqual(1);
    if (fault.includes("control")) expect(events).toEqual([]);
    else if (!fault.includes("restarted")) expect(events.length).toBeGreaterThan(0);
  });
});
