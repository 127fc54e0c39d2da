import { describe, expect, it, onTestFinished } from "vitest";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { assumeRoleCalls } from "../support/local.js";
import { hasRedis } from "../support/redis-server.js";
import { DEPLOYMENTS, type PackageName } from "../support/redis-topology-clients.js";
import { inTurns, useChildren } from "./children.js";
import { type Outcome, report, setUpCommands } from "./commands.js";

const TIMEOUT = 300_000;
const PACKAGES: readonly PackageName[] = ["node-redis", "ioredis"];
/** Concurrent processes of each package: on a small machine, more of them would only wait for each other. */
const AT_A_TIME = 3;
/**
 * While a sentinel fails over, it names no master to node-redis, which asks again after a second. A process that does
 * not wait for the connection calls STS after 250 ms.
 */
const CONNECTED = { WAIT_FOR_REDIS: "yes" };

const children = useChildren();

describe.runIf(hasRedis).each(["cluster", "sentinels"] as const)("processes that share a Redis %s", (kind) => {
  it(
    "call AssumeRole once for each package despite a failover, and succeed while a master is killed",
    async () => {
      const topology = await DEPLOYMENTS[kind].start();
      onTestFinished(() => topology.remove());
      // The packages have separate sessions, but the same servers, so that both see the same failovers.
      const fleets = await Promise.all(PACKAGES.map((name) => setUpFleet(name, kind, topology.ports)));
      const inAll = <T>(task: (fleet: (typeof fleets)[number]) => Promise<T>) => Promise.all(fleets.map(task));

      await inAll(({ run }) => run(20, CONNECTED));
      const handedOver = topology.handOver();
      await inAll(({ run }) => run(30, CONNECTED, handedOver));
      for (const { name, aws, outcomes } of fleets) {
        report(aws, outcomes);
        expectOneSession(outcomes, name);
        expect(assumeRoleCalls(aws), name).toBe(1);
      }

      const failedOver = topology.killMaster().then((killed) => killed.failedOver());
      const meanwhile = await inAll(({ run }) => run(AT_A_TIME, {}, failedOver));
      await inAll(({ run }) => run(5, CONNECTED));
      for (const [index, { name, aws, outcomes }] of fleets.entries()) {
        report(aws, outcomes);
        // A process that finds no Redis master calls STS itself after 250 ms. No other process does.
        const withoutStore = (meanwhile[index] ?? []).filter(({ storeErrors }) => storeErrors.length > 0);
        expectOneSession(
          outcomes.filter((outcome) => !withoutStore.includes(outcome)),
          name,
        );
        expect(assumeRoleCalls(aws), name).toBe(1 + withoutStore.length);
      }
    },
    TIMEOUT,
  );
});

/** Processes with a session that no others use. */
async function setUpFleet(name: PackageName, kind: "cluster" | "sentinels", ports: readonly number[]) {
  const { aws, command } = await setUpCommands(children);
  const place = {
    STORE: "redis",
    REDIS_CLIENT: `${name} ${kind}`,
    REDIS_PORTS: ports.join(),
    ENCRYPTION_KEY: newEncryptionKeyText(),
  };
  const outcomes: Outcome[] = [];
  const run = async (count: number, env: Record<string, string>, over?: Promise<unknown>) => {
    const ended = await inTurns(count, AT_A_TIME, () => command({ ...place, ...env }), over);
    outcomes.push(...ended);
    return ended;
  };
  return { name, aws, outcomes, run };
}

function expectOneSession(outcomes: readonly Outcome[], name: string) {
  const storeErrors = outcomes.flatMap((outcome) => outcome.storeErrors);
  expect(storeErrors, name).toEqual([]);
  expect(new Set(outcomes.map(({ accessKeyId }) => accessKeyId)).size, name).toBe(1);
}
