import { describe, expect, it } from "vitest";
import { Diagnostics } from "../../src/diagnostics.js";
import { CredentialCache } from "../../src/session/credential-cache.js";
import { INSTANCE_PROFILE_RULES, ROLE_RULES } from "../../src/session/refresh-policy.js";
import { createManualClock } from "../../src/testing/index.js";
import { seededRandom } from "../support/seeded-random.js";
import { createSource, HOUR, loader, MINUTE, SECOND, type SourceSettings, session } from "./support.js";

const DAY = 24 * HOUR;

/** One session, whose refresh is due at the beginning of its window unless `random` says otherwise. */
function createSession({ random = () => 0, ...settings }: SourceSettings & { random?: () => number } = {}) {
  const clock = createManualClock({ random });
  const diagnostics = new Diagnostics();
  const cache = new CredentialCache({ runtime: clock, diagnostics, loader, maxSessions: 1, refreshAhead: true });
  const it = createSource(settings);
  return {
    clock,
    it,
    get: () => cache.get(it.source),
    /** How many callers waited. */
    waits: () => diagnostics.count("miss") + diagnostics.count("joined"),
  };
}

describe("a session is refreshed ahead if it is asked for after a third of the time until its refresh is due", () => {
  it.each([
    { of: "1 h", life: HOUR, due: 45 * MINUTE, third: 15 * MINUTE },
    { of: "15 min", life: 15 * MINUTE, due: 10 * MINUTE, third: 200 * SECOND },
    { of: "12 h", life: 12 * HOUR, due: 11 * HOUR, third: 220 * MINUTE },
    {
      of: "1 h with a window of 1 min",
      life: HOUR,
      due: 59 * MINUTE,
      third: (59 * MINUTE) / 3,
      rules: { ...ROLE_RULES, advisoryWindow: MINUTE },
    },
    {
      of: "1 h with the longest window",
      life: HOUR,
      due: 30 * MINUTE,
      third: 10 * MINUTE,
      rules: { ...ROLE_RULES, advisoryWindow: HOUR },
    },
    {
      of: "6 h from the instance profile",
      life: 6 * HOUR,
      due: HOUR,
      third: 20 * MINUTE,
      rules: INSTANCE_PROFILE_RULES,
    },
  ])("for $of: from $third ms on", async ({ life, due, third, rules = ROLE_RULES }) => {
    const loadsIfAskedAt = async (age: number) => {
      const { clock, it, get } = createSession({ rules });
      it.answers(async () => session(it.loads, life));
      await get();
      await get();
      await clock.advance(age);
      await get();
      await clock.advance(due - age);
      return it.loads;
    };
    expect([await loadsIfAskedAt(third - 1), await loadsIfAskedAt(third)]).toEqual([1, 2]);
  });

  it("and once more only if it is asked for again after that refresh", async () => {
    const { clock, it, get } = createSession();
    await get();
    await clock.advance(20 * MINUTE);
    await get();
    await clock.advance(DAY);
    expect([it.loads, clock.pendingTimers]).toEqual([2, 0]);
  });

  it("by the clock that shows more time: a machine that slept has used it late", async () => {
    const { clock, it, get } = createSession();
    await get();
    clock.stepWallClock(15 * MINUTE);
    await get();
    await clock.advance(45 * MINUTE);
    expect(it.loads).toBe(2);
  });

  it.each([
    { minutes: 3, loads: 1 },
    { minutes: 4, loads: 2 },
  ])("counted from its arrival if it comes from a store: $minutes of 10 min later, loads are $loads", async (given) => {
    const { clock, it, get } = createSession();
    it.answers(async () => ({ ...session(1), kind: "shared", age: 40 * MINUTE, advisoryPoint: 50 * MINUTE }));
    await get();
    await clock.advance(given.minutes * MINUTE);
    await get();
    it.answers(async () => session(2));
    await clock.advance(10 * MINUTE);
    expect(it.loads).toBe(given.loads);
  });

  it("and again after each failure until it expires, although nobody asks for it meanwhile", async () => {
    const { clock, it, get } = createSession({ random: () => 0.999 });
    await get();
    await clock.advance(20 * MINUTE);
    await get();
    it.fails("STS_UNAVAILABLE");
    await clock.advance(39 * MINUTE);
    expect(it.loads).toBeGreaterThan(10);
    it.answers(async () => session(2));
    await clock.advance(50 * SECOND);
    expect((await get()).accessKeyId).toBe("ASIA2");
  });
});

describe("who waits for a one-hour session in 30 days of commands at the same interval", () => {
  const DAYS = 30;

  async function waitsEvery(interval: number): Promise<number> {
    const { clock, get, waits } = createSession({ random: seededRandom(1) });
    await get();
    for (let at = interval; at <= DAYS * DAY; at += interval) {
      await clock.advance(interval);
      await get();
    }
    return waits() - 1;
  }

  // As docs/freshness.md says
  it.each([20, 29, 30, 40, 42, 50, 55, 59])("every %i min: nobody after the first", async (minutes) => {
    expect(await waitsEvery(minutes * MINUTE)).toBe(0);
  });

  it.each([44, 46, 48])("every %i min: some, but less than two commands a day", async (minutes) => {
    const waits = await waitsEvery(minutes * MINUTE);
    expect(waits).toBeGreaterThan(0);
    expect(waits).toBeLessThan(2 * DAYS);
  });

  it.each([60, 90])("every %i min: every command", async (minutes) => {
    expect(await waitsEvery(minutes * MINUTE)).toBe((DAYS * DAY) / (minutes * MINUTE));
  });

  it("at random intervals of up to 42 min: nobody after the first", async () => {
    const random = seededRandom(2);
    const { clock, get, waits } = createSession({ random: seededRandom(3) });
    for (let commands = 0; commands < 2000; commands++) {
      await get();
      await clock.advance(Math.ceil(random() * 42 * MINUTE));
    }
    expect(waits()).toBe(1);
  });
});
