import { describe, expect, it } from "vitest";
import { assumedRoles, BEHIND_HUB, HUB, OTHER_HUB, OTHER_TARGET, setUpHub, targetRole } from "../support/hub.js";
import { assumeRoleCalls, HOUR, MINUTE, SECOND } from "../support/local.js";

const ACCOUNTS = 250;
const accounts = Array.from({ length: ACCOUNTS }, (_, index) => ({ ...BEHIND_HUB, roleArn: targetRole(index + 1) }));
const assumeRole = { target: "sts", operation: "AssumeRole" } as const;

describe("a source role and 250 accounts", () => {
  it.each([1, 25])("take 251 calls to AssumeRole, at most %i at a time", async (maxConcurrent) => {
    const { aws, resolver } = await setUpHub({ targets: ACCOUNTS, resolver: { assumeRole: { maxConcurrent } } });
    const sessions = await Promise.all(accounts.map((instance) => resolver.resolve(instance)));
    expect(sessions.map(({ accountId }) => accountId)).toEqual(accounts.map(({ roleArn }) => roleArn.split(":")[4]));
    expect(assumeRoleCalls(aws)).toBe(ACCOUNTS + 1);
    expect(aws.count({ ...assumeRole, roleArn: HUB })).toBe(1);
  });

  it("take 251 calls in all if nobody asks for them in the next three hours", async () => {
    const { aws, clock, resolver } = await setUpHub({ targets: ACCOUNTS });
    for (const instance of accounts) {
      await resolver.resolve(instance);
      await clock.advance(SECOND);
      await resolver.resolve(instance);
    }
    await clock.advance(3 * HOUR);
    expect(assumeRoleCalls(aws)).toBe(ACCOUNTS + 1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("share the limit of calls at a time with the calls for source roles", async () => {
    const { aws, clock, resolver } = await setUpHub({ targets: 2, resolver: { assumeRole: { maxConcurrent: 1 } } });
    await resolver.verify({ region: BEHIND_HUB.region }); // loads the SDK
    aws.setLatency(SECOND, assumeRole);
    const chains = [HUB, OTHER_HUB].map((sourceRole) => resolver.resolve({ ...BEHIND_HUB, sourceRole }));
    for (let calls = 1; calls <= 4; calls++) {
      await clock.settle();
      expect(assumeRoleCalls(aws)).toBe(calls);
      await clock.advance(SECOND);
    }
    await Promise.all(chains);
  });

  it("survive an outage of STS of 45 minutes: no command fails, and all sessions are renewed after it", async () => {
    const { aws, clock, resolver } = await setUpHub({ targets: ACCOUNTS });
    await Promise.all(accounts.map((instance) => resolver.resolve(instance)));
    const inUse = accounts.slice(0, 5); // each of them asks a failing STS again and again
    await clock.advance(14 * MINUTE);
    const outage = aws.fault({ on: { target: "sts" }, status: 503 });
    for (let minute = 0; minute < 45; minute++) {
      await Promise.all(inUse.map((instance) => resolver.resolve(instance)));
      await clock.advance(MINUTE);
    }
    await Promise.all(accounts.map((instance) => resolver.resolve(instance)));
    outage.clear();
    const end = clock.now();
    await clock.advance(50 * SECOND); // the pause between two attempts shrinks before expiry
    const sessions = await Promise.all(inUse.map((instance) => resolver.resolve(instance)));
    expect(sessions.filter(({ expiration }) => Number(expiration) < end + 59 * MINUTE)).toEqual([]);
  });
});

it("the sessions of a source role and of the role behind it are renewed before anybody waits", async () => {
  const { aws, clock, resolver } = await setUpHub();
  await resolver.resolve(BEHIND_HUB);
  aws.setLatency(SECOND, { target: "sts" });
  for (let minutes = 0; minutes < 6 * 60; minutes += 20) {
    await clock.advance(20 * MINUTE);
    let isServed = false;
    const command = resolver.resolve(BEHIND_HUB).then(() => {
      isServed = true;
    });
    await clock.settle();
    expect(isServed).toBe(true);
    await command;
  }
  expect(aws.count({ ...assumeRole, roleArn: HUB })).toBeGreaterThanOrEqual(6);
  expect(aws.count({ ...assumeRole, roleArn: HUB })).toBeLessThanOrEqual(9);
  aws.clearRequests();
  const another = resolver.resolve({ ...BEHIND_HUB, roleArn: OTHER_TARGET });
  await clock.advance(SECOND);
  await another;
  expect(assumedRoles(aws)).toEqual([[OTHER_TARGET]]);
});
