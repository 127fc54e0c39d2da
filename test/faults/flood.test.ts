import { expect, it } from "vitest";
import { createManualClock, type LocalAws } from "../../src/testing/index.js";
import { countAtMost, expectTable, secondsAtMost } from "../support/generated-part.js";
import { ACCOUNT, HOUR, MINUTE, ROLE, SECOND, setUpLocal } from "../support/local.js";
import { seededRandom } from "../support/seeded-random.js";
import { ask, longest } from "./callers.js";

const COMMANDS = 5000;
const ROLES = 500;
const RATE = 50;
const LATENCY = 100;
const MAX_CONCURRENT = 25;
const STEP = 20;
const region = "eu-central-1";
const assumeRole = { target: "sts", operation: "AssumeRole" } as const;

const roleArns = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `arn:aws:iam::${ACCOUNT}:role/${name}-${index}`);

it("5,000 commands for 500 roles succeed while STS throttles at 50 calls a second", async () => {
  const [flooded, after] = [roleArns("Flooded", ROLES), roleArns("After", ROLES)];
  const roles = [ROLE, ...flooded, ...after].map((roleArn) => ({ roleArn }));
  const clock = createManualClock({ random: seededRandom(20) });
  const { aws, resolver } = await setUpLocal({ clock, roles });
  await resolver.resolve({ region, roleArn: ROLE }); // loads the SDK, which takes real time
  aws.clearRequests();
  aws.setLatency(LATENCY, { target: "sts" });

  const throttling = aws.fault({ on: assumeRole, kind: "throttling", ratePerSecond: RATE });
  const flood = await use(flooded);
  expect(new Set(flood.callers.map(({ outcome }) => outcome))).toEqual(new Set(["served"]));
  const throttled = aws.count({ ...assumeRole, status: 400 });
  expect(throttled).toBeGreaterThan(0);
  expect(aws.count({ ...assumeRole, status: 200 }), "one session for each role").toBe(ROLES);
  expect(mostAtOnce(aws)).toBe(MAX_CONCURRENT);
  const atRate = (RATE * LATENCY) / SECOND; // calls at once
  expect(Math.min(...flood.limits), "the limiter learns the rate").toBeLessThanOrEqual(atRate);
  const fastest = ((ROLES - RATE) / RATE) * SECOND; // the first second's requests at once, then at the rate limit
  expect(longest(flood.callers)).toBeLessThan(1.5 * fastest);

  throttling.clear();
  aws.clearRequests();
  await clock.advance(10 * SECOND);
  const recovered = await use(after);
  expect(new Set(recovered.callers.map(({ outcome }) => outcome))).toEqual(new Set(["served"]));
  expect(Math.max(...recovered.limits), "the limiter forgets the rate").toBe(MAX_CONCURRENT);
  expect(aws.sockets.aws.peak).toBeLessThanOrEqual(MAX_CONCURRENT);

  const row = (name: string, { callers, limits }: typeof flood, calls: number, refused: number) => [
    name,
    `${callers.length} of ${callers.length}`,
    secondsAtMost(longest(callers)),
    countAtMost(calls),
    countAtMost(refused),
    countAtMost(Math.max(...limits)),
  ];
  expectTable(
    { page: "reliability.md", name: "flood" },
    ["", "served", "the last one after", "calls", "throttled", "calls at once"],
    [
      row(`STS throttles at ${RATE} a second`, flood, ROLES + throttled, throttled),
      row("10 s later, STS no longer throttles", recovered, ROLES, 0),
    ],
  );

  /** Ten concurrent commands for each role, until all have a result. */
  async function use(arns: string[]) {
    const callers = Array.from({ length: COMMANDS }, (_, command) =>
      ask(resolver, { region, roleArn: arns[command % arns.length] as string }, clock),
    );
    const limits: number[] = [];
    while (callers.some(({ outcome }) => !outcome)) {
      await clock.advance(STEP);
      const { assumeRoleInFlight, assumeRoleQueued } = resolver.stats();
      if (assumeRoleQueued > 0) limits.push(assumeRoleInFlight);
    }
    return { callers, limits };
  }
});

it("waiting callers come before background refreshes", async () => {
  const [held, waitedFor] = [roleArns("Held", 50), roleArns("WaitedFor", 10)];
  const { aws, clock, resolver } = await setUpLocal({
    roles: [...held, ...waitedFor].map((roleArn) => ({ roleArn })),
    resolver: { assumeRole: { maxConcurrent: 2 } },
  });
  const useAll = () => Promise.all(held.map((roleArn) => resolver.resolve({ region, roleArn })));
  await useAll();
  aws.clearRequests();
  aws.setLatency(LATENCY, { target: "sts" });
  const refreshesDue = 48.75 * MINUTE; // the clock's random() is 0.5
  const inUse = refreshesDue / 3; // asked for from then on, a session is refreshed ahead
  await clock.advance(inUse);
  await useAll();
  await clock.advance(refreshesDue - inUse);
  expect(resolver.stats()).toMatchObject({ assumeRoleInFlight: 2, assumeRoleQueued: held.length - 2 });

  const callers = waitedFor.map((roleArn) => ask(resolver, { region, roleArn }, clock));
  await clock.advance(6 * SECOND);
  expect(callers.map(({ outcome }) => outcome)).toEqual(waitedFor.map(() => "served"));
  const asked = aws.requests.filter(({ operation }) => operation === "AssumeRole").map(({ roleArn }) => roleArn);
  expect(asked).toHaveLength(held.length + waitedFor.length);
  expect(asked.slice(2, 2 + waitedFor.length)).toEqual(waitedFor);
  await clock.advance(HOUR);
});

/** The largest number of responses that were due at the same time. */
function mostAtOnce(aws: LocalAws): number {
  const arrivals = aws.requests.filter(({ operation }) => operation === "AssumeRole").map(({ time }) => time);
  return Math.max(...arrivals.map((end) => arrivals.filter((time) => time <= end && time > end - LATENCY).length));
}
