import { describe, expect, it } from "vitest";
import { createManualClock } from "../../src/testing/index.js";
import { listen } from "../support/events.js";
import { type Cell, countAtMost, expectTable } from "../support/generated-part.js";
import { assumeRoleCalls, HOUR, MINUTE, ROLE, SECOND, setUpLocal } from "../support/local.js";
import { seededRandom } from "../support/seeded-random.js";
import { ask, type Caller, longest, passUntilEnded } from "./callers.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };
const sts = { target: "sts" } as const;
const WINDOW_BEGINS = 45 * MINUTE;
const WINDOW = 15 * MINUTE;
/** The step size: how often STS goes down or comes back at most, and how often a command runs. */
const STEP = 4 * SECOND;
const COMMAND_EVERY = 20 * SECOND;
/** Real time that a busy machine may need to simulate 24 hours. */
const TIMEOUT = 300_000;

/** When STS is down, by the age of the held session. */
interface Pattern {
  readonly name: string;
  /** @param part the elapsed part of the advisory window: 0 to 1 */
  isDown(part: number): boolean;
  /** A refresh can become due after STS went down. Then the last ten seconds of the session have nothing to serve. */
  readonly outlastsSessions?: boolean;
}

/** STS is down for 80 % of each window. */
const PATTERNS: Pattern[] = [
  { name: "the first 12 minutes of each window", isDown: (part) => part < 0.8 },
  { name: "12 minutes, from the second minute of each window", isDown: (part) => part >= 1 / 15 && part < 13 / 15 },
  { name: "4 of every 5 minutes of each window", isDown: (part) => (part * 3) % 1 < 0.8 },
  { name: "48 seconds of every minute of each window", isDown: (part) => (part * 15) % 1 < 0.8 },
  { name: "the last 12 minutes of each window", isDown: (part) => part >= 0.2, outlastsSessions: true },
];

/** Sessions of one hour in 24 hours, refreshed within their last 15 minutes. */
const MOST_SESSIONS = 32;

describe("STS is down for 80 % of every advisory window, for 24 hours", () => {
  const rows: Cell[][] = [];

  it.each(PATTERNS)(
    "$name",
    async ({ name, isDown, outlastsSessions }) => {
      const clock = createManualClock({ random: seededRandom(24) });
      const { aws, resolver } = await setUpLocal({ clock });
      let issued = 0;
      listen("aws-rolecall:refreshed", (event) => {
        if ((event as { roleArn?: string }).roleArn === ROLE) issued = clock.monotonic();
      });
      await resolver.resolve(instance);

      let outage: { clear(): void } | undefined;
      let down = 0;
      const callers: Caller[] = [];
      let nextCommand = clock.monotonic();
      const ends = nextCommand + 24 * HOUR;
      while (clock.monotonic() < ends) {
        const now = clock.monotonic();
        if (now >= nextCommand) {
          callers.push(ask(resolver, instance, clock));
          nextCommand += COMMAND_EVERY;
        }
        const windowBegins = issued + WINDOW_BEGINS;
        const part = (now - windowBegins) / WINDOW;
        const isInWindow = part >= 0 && part < 1;
        const isOut = isInWindow && isDown(part);
        if (!isOut) {
          outage?.clear();
          outage = undefined;
        } else outage ??= aws.fault({ on: sts, status: 503 });
        const next = Math.min(nextCommand, isInWindow ? now + STEP : now < windowBegins ? windowBegins : ends);
        if (isOut) down += next - now;
        await clock.advance(next - now);
      }
      await passUntilEnded(callers, clock);

      expect(down, "there were outages").toBeGreaterThan(HOUR);
      const sessions = aws.count({ operation: "AssumeRole", status: 200 });
      const served = callers.filter(({ outcome }) => outcome === "served");
      const failed = callers.length - served.length;
      if (outlastsSessions)
        expect(failed, "a command in ten seconds of each session").toBeLessThanOrEqual(MOST_SESSIONS);
      else expect(failed).toBe(0);
      expect(sessions).toBeLessThanOrEqual(MOST_SESSIONS);
      expect(longest(served)).toBe(0);
      rows.push([
        name,
        outlastsSessions
          ? `≥ ${callers.length - MOST_SESSIONS} of ${callers.length}`
          : `${callers.length} of ${callers.length}`,
        countAtMost(sessions),
        countAtMost(assumeRoleCalls(aws) - sessions),
      ]);
    },
    TIMEOUT,
  );

  it("stays within the table in docs/reliability.md (ROLECALL_WRITE_DOCS=1 updates it)", () => {
    expect(rows, "every pattern was measured").toHaveLength(PATTERNS.length);
    const head = ["STS is down", "commands served at once", "sessions", "failed calls"];
    expectTable({ page: "reliability.md", name: "outages" }, head, rows);
  });
});

it("if STS is down past the expiry, an error names role, cause and last success, until STS recovers", async () => {
  const { aws, clock, resolver } = await setUpLocal();
  await resolver.resolve(instance);
  const lastSuccess = new Date(clock.now()).toISOString();
  await clock.advance(45 * MINUTE);
  const outage = aws.fault({ on: sts, status: 503, code: "ServiceUnavailable" });

  const failed: Caller[] = [];
  for (let age = 45 * MINUTE; age < 4 * HOUR; age += 20 * SECOND) {
    const caller = ask(resolver, instance, clock);
    await passUntilEnded([caller], clock);
    if (age < 59 * MINUTE + 50 * SECOND) expect(caller).toMatchObject({ outcome: "served", took: 0 });
    else failed.push(caller);
    await clock.advance(20 * SECOND - (caller.took ?? 0));
  }
  expect(failed).toHaveLength(3 * 60 * 3);
  expect(longest(failed)).toBeLessThanOrEqual(10 * SECOND);
  for (const { error } of failed) {
    expect(error).toMatchObject({
      code: "STS_UNAVAILABLE",
      retryable: true,
      roleArn: ROLE,
      awsCode: "ServiceUnavailable",
      cause: expect.objectContaining({ name: "ServiceUnavailable" }),
      message: expect.stringContaining(`last success ${lastSuccess}`),
    });
  }

  outage.clear();
  const first = ask(resolver, instance, clock);
  await passUntilEnded([first], clock);
  expect(first).toMatchObject({ outcome: "served", took: 0 });
});
