import { describe, expect, it, onTestFinished } from "vitest";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { assumeRoleCalls } from "../support/local.js";
import { hasRedis } from "../support/redis-server.js";
import { DEPLOYMENTS } from "../support/redis-topology-clients.js";
import { inTurns, useChildren } from "./children.js";
import { expectCalls, type Outcome, report, setUpCommands } from "./commands.js";

const TIMEOUT = 300_000;
/** Concurrent processes: on a small machine, more of them would only wait for each other. */
const AT_A_TIME = 4;

const children = useChildren();

describe.runIf(hasRedis).each(["cluster", "sentinels"] as const)("processes that share a Redis %s", (kind) => {
  it.each(["node-redis", "ioredis"] as const)(
    "50 with %s call AssumeRole once despite a failover, and later ones succeed while a master is killed",
    async (name) => {
      const topology = await DEPLOYMENTS[kind].start();
      onTestFinished(() => topology.remove());
      const { aws, command } = await setUpCommands(children);
      const place = {
        STORE: "redis",
        REDIS_CLIENT: `${name} ${kind}`,
        REDIS_PORTS: topology.ports.join(),
        ENCRYPTION_KEY: newEncryptionKeyText(),
      };
      const run = (count: number) => inTurns(count, AT_A_TIME, () => command(place));

      const before = await run(20);
      const [during] = await Promise.all([run(30), topology.handOver()]);
      report(aws, [...before, ...during]);
      expectCalls(aws, [...before, ...during], 1);
      const calls = assumeRoleCalls(aws);

      const { failedOver } = await topology.killMaster();
      let isOver = false;
      const over = failedOver().then(() => {
        isOver = true;
      });
      const meanwhile: Outcome[] = [];
      while (!isOver) meanwhile.push(await command(place));
      await over;
      const after = await run(10);

      const outcomes = [...before, ...during, ...meanwhile, ...after];
      report(aws, outcomes);
      // A process that finds no Redis master calls STS itself after 250 ms. No other process does.
      const withoutStore = outcomes.filter(({ storeErrors }) => storeErrors.length > 0);
      expect(assumeRoleCalls(aws)).toBeLessThanOrEqual(calls + withoutStore.length);
      const withStore = outcomes.filter((outcome) => !withoutStore.includes(outcome));
      expect(new Set(withStore.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
      expect(after.filter((outcome) => withStore.includes(outcome)).length).toBeGreaterThan(0);
    },
    TIMEOUT,
  );
});
