/**
 * Every decision about time, as pure functions: what state a session is in, when to refresh it, how long to hold off
 * after a failure. Times are milliseconds. `docs/freshness.md` explains the numbers.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A session is not served in its last seconds: a request signed with it must still arrive. */
export const EXPIRY_MARGIN = 10 * SECOND;
/** STS's longest session. A longer life is cut to this. */
const LONGEST_LIFE = 12 * 60 * MINUTE;
const FIRST_BACKOFF = SECOND;
const LONGEST_BACKOFF = MINUTE;
const NEXT_LOOK = 5 * MINUTE;
/** A session that was served this long may be the reason for a doubtful rejection. */
const DOUBT_AFTER = MINUTE;

/** How the sessions of one kind of source are kept fresh. */
export interface RefreshRules {
  /** Overrides the advisory window that follows from the life. */
  readonly advisoryWindow?: number | undefined;
  /** Asks the source again after this time at the latest, whatever the life. */
  readonly readAgainAfter?: number | undefined;
  /** Milliseconds until the source is asked again after its failure number `failures` in a row. */
  holdAfterFailure(failures: number, remaining: number, random: number): number;
  /** Milliseconds until the source may be asked again because somebody refused its session. */
  holdAfterReplacement(succeeded: boolean): number;
}

/** Sessions that STS issues. A service that refuses one may be wrong about it, and each new one costs a call. */
export const ROLE_RULES: RefreshRules = {
  holdAfterFailure: backoffAfter,
  holdAfterReplacement: (succeeded) => (succeeded ? LONGEST_BACKOFF : FIRST_BACKOFF),
};

/** A base identity that a function returns, or static keys. */
export const PROVIDER_RULES: RefreshRules = { holdAfterFailure: backoffAfter, holdAfterReplacement: () => 0 };

/** IMDS: the credentials may be replaced at any time, and AWS extends them while it cannot renew them. */
export const INSTANCE_PROFILE_RULES: RefreshRules = {
  ...PROVIDER_RULES,
  readAgainAfter: 60 * MINUTE,
  holdAfterFailure: (_failures, remaining, random) => nextLook(remaining, random),
};

/** A source whose credentials, or whose owner, may be replaced at any time. */
export const REREAD_RULES: RefreshRules = { ...PROVIDER_RULES, readAgainAfter: 60 * MINUTE };

/** The two clocks at one moment. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * The time since `from`, by the clock that says more. A stepped wall clock, or a machine that slept, makes it too large
 * or right, never too small: it decides when something is due.
 */
export function elapsedBetween(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}

/**
 * The time that has passed since `from` beyond doubt. Nothing steps the monotonic clock, so a session that it calls
 * expired has expired. It stands still while a machine sleeps: then AWS refuses the session, and the call is signed again.
 */
export function certainlyElapsed(from: Moment, to: Moment): number {
  return to.monotonic - from.monotonic;
}

/**
 * The life that an expiration leaves, by the first of these times that calls it a life at all: each of them may be wrong.
 * @param times epoch milliseconds, the best first
 * @returns milliseconds, or `undefined` if it has expired by all of them
 */
export function lifeUntil(expiration: number, ...times: readonly (number | undefined)[]): number | undefined {
  return times
    .flatMap((time) => time ?? [])
    .map((time) => expiration - time)
    .find((life) => life > EXPIRY_MARGIN);
}

/** `life`, cut to the longest that STS grants. `Infinity` for credentials without an expiration. */
export function believedLife(life: number): number {
  return life === Number.POSITIVE_INFINITY ? life : Math.min(life, LONGEST_LIFE);
}

export type Freshness = "fresh" | "refresh-advised" | "expired";

/** A session through its life: it begins at the moment when it was issued. */
export interface Lifetime extends Moment {
  readonly life: number;
  /** The age at which a refresh is due. */
  readonly advisoryPoint: number;
}

export function freshnessOf(session: Lifetime, now: Moment): Freshness {
  if (certainlyElapsed(session, now) >= session.life - EXPIRY_MARGIN) return "expired";
  return elapsedBetween(session, now) >= session.advisoryPoint ? "refresh-advised" : "fresh";
}

/** 5, 15 or 60 minutes by the life, never more than half of it. */
export function advisoryWindow(life: number, override?: number): number {
  const byLife = life <= 20 * MINUTE ? 5 * MINUTE : life < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;
  return Math.min(override ?? byLife, life / 2);
}

/** The age at which a refresh is due: anywhere in the window's first half, so that a fleet does not refresh at once. */
export function drawAdvisoryPoint(life: number, rules: RefreshRules, random: number): number {
  const window = advisoryWindow(life, rules.advisoryWindow);
  const point = life === Number.POSITIVE_INFINITY ? life : life - window + (random * window) / 2;
  return Math.min(Math.round(point), rules.readAgainAfter ?? Number.POSITIVE_INFINITY);
}

/**
 * A session is in use, and refreshed ahead, once a caller asks for it at this age or later. Before, the caller may be the
 * command that loaded it, and the last: a sweep of a thousand accounts costs a thousand sessions and not two thousand.
 * A third is early enough for a session that is asked for every two thirds of its life: it never expires for its callers.
 * @param arrived the age at which this process got it
 */
export function inUseFrom(arrived: number, advisoryPoint: number): number {
  return Math.round(arrived + (advisoryPoint - arrived) / 3);
}

/** When to ask a source again that repeated its set, or that is served beyond its expiry: 5 to 10 minutes. */
export function nextLook(remaining: number, random: number): number {
  const delay = NEXT_LOOK * (1 + random);
  return remaining > 0 ? Math.min(delay, Math.max(remaining / 4, FIRST_BACKOFF)) : delay;
}

/** When to look for the session that another process asks for: 1 to 2 seconds. */
export function lookAgain(random: number): number {
  return SECOND * (1 + random);
}

/** The last replacement of a session that somebody refused. */
export interface Replacement {
  readonly at: Moment;
  /** Milliseconds until the next one. */
  readonly hold: number;
}

/** @param doubtful the session may not be at fault: only one that was served for a while is replaced */
export function mayReplace(session: Lifetime, now: Moment, doubtful: boolean, last: Replacement | undefined): boolean {
  if (doubtful && elapsedBetween(session, now) <= DOUBT_AFTER) return false;
  if (!doubtful && freshnessOf(session, now) !== "fresh") return true;
  return last === undefined || elapsedBetween(last.at, now) >= last.hold;
}

/** Full jitter, exponential, so that one attempt always falls into the remaining life. No wait once the life is over. */
export function backoffAfter(failures: number, remaining: number, random: number): number {
  const ceiling = Math.min(
    FIRST_BACKOFF * 2 ** Math.min(failures - 1, 10),
    LONGEST_BACKOFF,
    Math.max(remaining, 0) / 4,
  );
  return random * ceiling;
}

/** How long a refusal is remembered, so that a denied role is not asked for by every command: 1 s growing to 60 s. */
export function holdAfterRefusal(refusals: number): number {
  return Math.min(FIRST_BACKOFF * 2 ** Math.min(refusals - 1, 10), LONGEST_BACKOFF);
}
