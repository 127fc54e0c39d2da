import { describe, expect, it } from "vitest";
import {
  advisoryWindow,
  backoffAfter,
  drawAdvisoryPoint,
  EXPIRY_MARGIN,
  ROLE_RULES,
} from "../../src/session/refresh-policy.js";
import { seededRandom } from "../support/seeded-random.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TEN_SECONDS = 10 * SECOND;

const PROCESSES = 1000;
const GENERATIONS = 8;
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const AGREED = 0.05;

/** The times of all refreshes of processes that got their first session at the same time. */
function refreshesOf(life: number, random: () => number): number[] {
  return Array.from({ length: PROCESSES }).flatMap(() => {
    let issued = 0;
    return Array.from({ length: GENERATIONS }, () => {
      issued += drawAdvisoryPoint(life, ROLE_RULES, random());
      return issued;
    });
  });
}

/** The largest share of the fleet's refreshes in any ten seconds, wherever they begin. */
function busiestTenSeconds(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [last, time] of sorted.entries()) {
    while (time - (sorted[first] as number) >= TEN_SECONDS) first++;
    most = Math.max(most, last - first + 1);
  }
  return most / PROCESSES;
}

/**
 * Ten seconds as a share of the time over which the first refreshes are spread. Later generations are at least as
 * spread.
 */
function evenShare(life: number): number {
  return TEN_SECONDS / (advisoryWindow(life) / 2);
}

/** Six standard deviations above an even spread for a fleet of this size: random variation stays below that here. */
function mostByChance(share: number): number {
  return share + 6 * Math.sqrt((share * (1 - share)) / PROCESSES);
}

function worstOfAllSeeds(name: string, life: number): number {
  const worst = Math.max(...SEEDS.map((seed) => busiestTenSeconds(refreshesOf(life, seededRandom(seed)))));
  console.log(`sessions of ${name}: ${percent(worst)} in the busiest 10 s, ${percent(evenShare(life))} if even`);
  return worst;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

describe(`the busiest ten seconds of ${PROCESSES} processes that start together`, () => {
  it.each([
    { name: "30 min", life: 30 * MINUTE },
    { name: "1 h", life: HOUR },
    { name: "just under 90 min", life: 90 * MINUTE - SECOND },
    { name: "90 min", life: 90 * MINUTE },
    { name: "2 h", life: 2 * HOUR },
    { name: "12 h", life: 12 * HOUR },
  ])("hold at most 5 % of the fleet's refreshes with sessions of $name", ({ name, life }) => {
    expect(worstOfAllSeeds(name, life)).toBeLessThanOrEqual(AGREED);
  });

  // Half of a 5-minute window is 150 s, and ten seconds are 6.7 % of it, so no random choice can stay within 5 %.
  it.each([
    { name: "15 min", life: 15 * MINUTE },
    { name: "20 min", life: 20 * MINUTE },
  ])("hold 6.7 % plus random variation with sessions of $name", ({ name, life }) => {
    expect(evenShare(life)).toBeCloseTo(10 / 150, 6);
    expect(worstOfAllSeeds(name, life)).toBeLessThanOrEqual(mostByChance(10 / 150));
  });

  // Half of the window is a quarter of the lifetime here. Ten seconds are less than 5 % of it, plus random variation.
  it.each([
    { name: "just over 20 min", life: 20 * MINUTE + SECOND },
    { name: "25 min", life: 25 * MINUTE },
  ])("hold up to 3.3 % plus random variation with sessions of $name", ({ name, life }) => {
    expect(evenShare(life)).toBeCloseTo(TEN_SECONDS / (life / 4), 6);
    expect(worstOfAllSeeds(name, life)).toBeLessThanOrEqual(mostByChance(10 / 300));
  });
});

describe("after an outage that began when the first refresh of one-hour sessions was due", () => {
  const OUTAGE_BEGINS = 45 * MINUTE;

  /** When each process whose refresh was due in the outage succeeds: at its first attempt after the end. */
  function recoveriesFrom(outageEnds: number, random: () => number): number[] {
    return Array.from({ length: PROCESSES }).flatMap(() => {
      let at = drawAdvisoryPoint(HOUR, ROLE_RULES, random());
      if (at >= outageEnds) return [];
      for (let failures = 1; at < outageEnds; failures++) {
        at += Math.max(backoffAfter(failures, HOUR - at, random()), SECOND);
      }
      return [at];
    });
  }

  // Waits are drawn from 0 to 60 s. Of 36 waits in progress, 11 end within the next ten seconds.
  it.each([1, 3, 7])(
    "of %i min, no session expires, and the busiest ten seconds hold 31 % plus random variation",
    (minutes) => {
      const ends = OUTAGE_BEGINS + minutes * MINUTE;
      const fleets = SEEDS.map((seed) => recoveriesFrom(ends, seededRandom(seed)));
      const busiest = Math.max(...fleets.map(busiestTenSeconds));
      const due = Math.max(...fleets.map((times) => times.length)) / PROCESSES;
      console.log(
        `outage of ${minutes} min: ${percent(due)} due in it, ${percent(busiest)} in the busiest 10 s after it`,
      );
      expect(Math.max(...fleets.flat())).toBeLessThan(HOUR - EXPIRY_MARGIN);
      expect(busiest).toBeLessThanOrEqual(mostByChance(11 / 36));
    },
  );
});
