import { drawAdvisoryPoint, ROLE_RULES } from "../../src/session/refresh-policy.js";
import type { Spell } from "./weather.js";

const ROUNDS = 20;

export interface ExpectedSessions {
  readonly mean: number;
  /** Standard deviation of the number, caused by random variation. */
  readonly deviation: number;
}

export interface ExpectedSessionsOptions {
  readonly life: number;
  /** By role: when it was first requested. */
  readonly firstUses: readonly number[];
  readonly end: number;
  readonly outages: readonly Spell<unknown>[];
  readonly random: () => number;
}

/**
 * How many sessions the refresh policy requests by itself: each role is always in use, a session is refreshed at its
 * own advisory point, and a refresh that is due in an outage waits for its end. All times are in ms.
 */
export function expectedSessions(options: ExpectedSessionsOptions): ExpectedSessions {
  const { life, firstUses, end, outages, random } = options;
  const afterOutage = (at: number) => outages.find(({ from, to }) => from <= at && at < to)?.to ?? at;
  const sessionsFrom = (firstUse: number) => {
    let sessions = 0;
    for (let at = afterOutage(firstUse); at <= end; sessions++) {
      at = afterOutage(at + drawAdvisoryPoint(life, ROLE_RULES, random()));
    }
    return sessions;
  };
  const totals = Array.from({ length: ROUNDS }, () =>
    firstUses.reduce((sum, firstUse) => sum + sessionsFrom(firstUse), 0),
  );
  const mean = totals.reduce((sum, total) => sum + total, 0) / ROUNDS;
  const variance = totals.reduce((sum, total) => sum + (total - mean) ** 2, 0) / (ROUNDS - 1);
  return { mean, deviation: Math.sqrt(variance) };
}
