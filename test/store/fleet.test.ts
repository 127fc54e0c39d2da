import { expect, it, onTestFinished } from "vitest";
import { type CredentialStore, createCredentialResolver, type StsLike } from "../../src/index.js";
import { createManualClock, createMemoryStore } from "../../src/testing/index.js";
import { HOUR, MINUTE } from "../support/local.js";
import { seededRandom } from "../support/seeded-random.js";

const HOSTS = 10;
const ROLES = Array.from({ length: 5 }, (_, index) => `arn:aws:iam::123456789012:role/Role${index}`);
const HOURS = 12;

/** The numbers behind the calculation in docs/sharing-sessions.md. */
it("a fleet calls STS once per session, and the store about twice per session and host", async () => {
  const random = seededRandom(20);
  const clock = createManualClock({ random });
  let issued = 0;
  let latency = 0;
  const sts: StsLike = {
    async send() {
      if (latency > 0) await clock.sleep(latency);
      return {
        Credentials: {
          AccessKeyId: `ASIA${++issued}`,
          SecretAccessKey: "made-up",
          SessionToken: "made-up",
          Expiration: new Date(clock.now() + HOUR),
        },
      };
    },
  };
  const operations = { get: 0, set: 0, delete: 0, lock: 0, release: 0 };
  const memory = createMemoryStore({ clock });
  const store: CredentialStore = {
    ...memory,
    get(key) {
      operations.get++;
      return memory.get(key);
    },
    set(key, record, ttl) {
      operations.set++;
      return memory.set(key, record, ttl);
    },
    async lock(key, ttl) {
      operations.lock++;
      const lock = await memory.lock(key, ttl);
      if (!lock) return undefined;
      return {
        release() {
          operations.release++;
          return lock.release();
        },
      };
    },
  };
  const hosts = Array.from({ length: HOSTS }, (_, index) =>
    createCredentialResolver({ store, stsClient: () => sts, runtime: { ...clock, hostname: () => `host-${index}` } }),
  );
  onTestFinished(async () => {
    for (const host of hosts) await host.close();
  });
  const waited = () => hosts.reduce((sum, host) => sum + host.stats().misses + host.stats().joined, 0);
  const everyRoleOnEveryHost = () =>
    Promise.all(hosts.flatMap((host) => ROLES.map((roleArn) => host.resolve({ roleArn, region: "eu-central-1" }))));

  // First one host after the other: loading a module takes real time, while this clock stands still.
  for (const host of hosts) for (const roleArn of ROLES) await host.resolve({ roleArn, region: "eu-central-1" });
  const cold = waited();
  // Long enough that every host calls while the first one refreshes: each session becomes due on all hosts at once.
  latency = 100;
  for (let minute = 0; minute < HOURS * 60; minute += 5) {
    await clock.advance(5 * MINUTE);
    await everyRoleOnEveryHost();
  }

  const total = Object.values(operations).reduce((sum, count) => sum + count, 0);
  const perRoleAndHour = issued / ROLES.length / HOURS;
  const perSessionAndHost = total / issued / HOSTS;
  console.info(
    `${HOSTS} hosts, ${ROLES.length} roles, ${HOURS} h: ${issued} AssumeRole, ${perRoleAndHour.toFixed(2)} per role and hour; ` +
      `${perSessionAndHost.toFixed(2)} operations per session and host: ${JSON.stringify(operations)}`,
  );
  expect(waited()).toBe(cold);
  expect(perRoleAndHour).toBeLessThan(60 / 45);
  // One read for each host. Two hosts arrive at once and try to get the lock, and the host that calls STS needs a few
  // more.
  expect(perSessionAndHost).toBeGreaterThan(1);
  expect(perSessionAndHost).toBeLessThan(2.5);
}, 60_000);
