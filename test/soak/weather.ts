import { MINUTE, SECOND } from "../support/local.js";

/**
 * A disturbance of AssumeRole for some time. Only `slow`, and the calls that `throttling` accepts, return a session.
 */
export const STS_TROUBLES = [
  "status-500",
  "status-503",
  "throttling",
  "reset",
  "reset-midway",
  "hang",
  "truncated",
  "empty",
  "web-page",
  "slow",
] as const;
export type StsTrouble = (typeof STS_TROUBLES)[number];

/** A disturbance of the instance metadata service for some time. */
export const IMDS_TROUBLES = ["status-500", "hang", "no-role"] as const;
export type ImdsTrouble = (typeof IMDS_TROUBLES)[number];

/** A sudden change of the base identity's keys: EC2 replaces them, or AWS also rejects the old ones. */
export const KEY_CHANGES = ["replaced", "revoked"] as const;
export type KeyChange = (typeof KEY_CHANGES)[number];

/** Milliseconds since the soak began. */
export interface Spell<T> {
  readonly from: number;
  readonly to: number;
  readonly trouble: T;
}

export interface Weather {
  /** In sequence, never two at the same time. */
  readonly sts: readonly Spell<StsTrouble>[];
  readonly imds: readonly Spell<ImdsTrouble>[];
  /** Spells without a duration. */
  readonly keys: readonly Spell<KeyChange>[];
}

/** Whether any spell lasts at a moment from `from` to `to`, inclusive. */
export function isTroubled({ sts, imds, keys }: Weather, from: number, to: number): boolean {
  const meets = (spell: Spell<unknown>) => spell.from <= to && spell.to >= from;
  return sts.some(meets) || imds.some(meets) || keys.some(meets);
}

/** When an AssumeRole call returns no session, whatever the rate. */
export function outagesOfSts({ sts }: Weather): readonly Spell<StsTrouble>[] {
  return sts.filter(({ trouble }) => trouble !== "slow" && trouble !== "throttling");
}

/** Mean milliseconds from the end of one spell to the beginning of the next. */
export interface Climate {
  readonly sts: number;
  readonly imds: number;
  readonly keys: number;
}

/** One STS outage in this many is long enough for sessions to expire. */
const LONG_OUTAGE_ONE_IN = 16;

/** All disturbances in `duration` ms, drawn from `random` before anything runs. */
export function drawWeather(duration: number, climate: Climate, random: () => number): Weather {
  const oneOf = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
  const between = (least: number, most: number) => least * (most / least) ** random();
  const spells = <T>(meanGap: number, choices: readonly T[], lasting: () => number): Spell<T>[] => {
    const drawn: Spell<T>[] = [];
    for (let at = 0; ; ) {
      const from = wholeSeconds(at - Math.log(1 - random()) * meanGap);
      if (from >= duration) return drawn;
      at = Math.min(from + wholeSeconds(lasting()), duration);
      drawn.push({ from, to: at, trouble: oneOf(choices) });
    }
  };
  const outage = () =>
    random() < 1 / LONG_OUTAGE_ONE_IN ? between(10 * MINUTE, 15 * MINUTE) : between(5 * SECOND, 4 * MINUTE);
  return {
    sts: spells(climate.sts, STS_TROUBLES, outage),
    imds: spells(climate.imds, IMDS_TROUBLES, () => between(30 * SECOND, 30 * MINUTE)),
    keys: spells(climate.keys, KEY_CHANGES, () => 0),
  };
}

function wholeSeconds(ms: number): number {
  return Math.ceil(ms / SECOND) * SECOND;
}
