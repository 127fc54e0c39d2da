import { expect, it, onTestFinished } from "vitest";
import { forEachAccount } from "../../src/accounts/index.js";
import { createCredentialResolver } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";
import { createLimitedSts, tokenBucket } from "../support/limited-sts.js";
import { SECOND } from "../support/local.js";
import { seededRandom } from "../support/seeded-random.js";

const ACCOUNTS = Array.from({ length: 2000 }, (_, index) => String(200_000_000_000 + index));
const GRANTED_PER_SECOND = 20;
const LATENCY = 100;

/** All accounts with an STS that grants few calls a second. No target has more time than an unhurried call needs. */
async function sweep(concurrency: number | undefined) {
  const clock = createManualClock({ random: seededRandom(7) });
  const { calls, stsClient } = createLimitedSts(clock, tokenBucket(GRANTED_PER_SECOND), LATENCY);
  const resolver = createCredentialResolver({ stsClient, runtime: clock });
  onTestFinished(() => resolver.close());
  const instance = { accounts: { roleName: "Audit", ids: ACCOUNTS, regions: ["eu-central-1"] } };
  const options = { resolver, concurrency, timeout: 10 * SECOND };

  const run = forEachAccount(instance, {}, ({ accountId }) => accountId, options);
  const ended = run.collect();
  while (run.progress.done + run.progress.failed < ACCOUNTS.length && clock.monotonic() < 600 * SECOND) {
    await clock.advance(SECOND);
  }
  const { values, failures, skipped } = await ended;
  return { values, failures, skipped, calls: calls.length, seconds: clock.monotonic() / SECOND };
}

it.each([
  ["10 accounts at a time", undefined],
  ["1,000 accounts at a time", 1000],
])("an STS that grants 20 calls a second gives each of 2,000 accounts its session, %s", async (_, concurrency) => {
  const { values, failures, skipped, calls, seconds } = await sweep(concurrency);
  expect([failures, skipped]).toEqual([[], []]);
  expect(values).toEqual(ACCOUNTS);
  expect(calls).toBeLessThanOrEqual(2300);
  expect(seconds).toBeLessThanOrEqual(120);
});
