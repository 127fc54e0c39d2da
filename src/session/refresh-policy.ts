/**
 * Every decision about time, as pure functions: the state of a session, when to refresh it, how long to pause after a
 * failure. All times are in milliseconds. `docs/freshness.md` explains the numbers.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A session is not served in its last seconds, because a request that it signs must still reach AWS. */
export const EXPIRY_MARGIN = 10 * SECOND;
/** The longest session that STS issues. A longer life is capped at this. */
const LONGEST_LIFE = 12 * 60 * MINUTE;
const FIRST_BACKOFF = SECOND;
const LONGEST_BACKOFF = MINUTE;
const NEXT_LOOK = 5 * MINUTE;
/** A doubtful rejection replaces only a session that is older than this. */
const DOUBT_AFTER = MINUTE;

/** How the sessions of one kind of source are kept fresh. */
export interface RefreshRules {
  /** Overrides the advisory window that follows from the life. */
  readonly advisoryWindow?: number | undefined;
  /** The longest time between two calls to the source, whatever the session's life. */
  readonly readAgainAfter?: number | undefined;
  /** Milliseconds until the next call to the source, after `failures` consecutive failures. */
  holdAfterFailure(failures: number, remaining: number, random: number): number;
  /** Milliseconds until the next call to the source may replace a rejected session. */
  holdAfterReplacement(succeeded: boolean): number;
}

/** Sessions that STS issues. Each new one costs a call, and the service that rejects one may be wrong. */
export const ROLE_RULES: RefreshRules = {
  holdAfterFailure: backoffAfter,
  holdAfterReplacement: (succeeded) => (succeeded ? LONGEST_BACKOFF : FIRST_BACKOFF),
};

/** A base identity that a function returns, or static keys. */
export const PROVIDER_RULES: RefreshRules = { holdAfterFailure: backoffAfter, holdAfterReplacement: () => 0 };

/** IMDS may replace the credentials at any time, and extends them while it cannot renew them. */
export const INSTANCE_PROFILE_RULES: RefreshRules = {
  ...PROVIDER_RULES,
  readAgainAfter: 60 * MINUTE,
  holdAfterFailure: (_failures, remaining, random) => nextLook(remaining, random),
};

/** A source whose credentials, or whose identity, may change at any time. */
export const REREAD_RULES: RefreshRules = { ...PROVIDER_RULES, readAgainAfter: 60 * MINUTE };

/** The two clocks at one moment. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * The time since `from`, by the clock on which more time has passed. After a clock step or a suspend it may be too long,
 * but never too short. Use it to decide when something is due.
 */
export function elapsedBetween(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}

/**
 * The time since `from` by the monotonic clock. A session that has expired by this clock has certainly expired. The clock
 * stops while the machine is suspended. If a session expires then, AWS rejects it, and the call is signed again.
 */
export function certainlyElapsed(from: Moment, to: Moment): number {
  return to.monotonic - from.monotonic;
}

/**
 * The time until `expiration`, by the first of several clocks that says it has not passed. Each clock may be wrong.
 * @param times the current time by each clock, in epoch milliseconds, the most reliable first
 * @returns milliseconds, or `undefined` if it has passed by all clocks
 */
export function lifeUntil(expiration: number, ...times: readonly (number | undefined)[]): number | undefined {
  return times
    .flatMap((time) => time ?? [])
    .map((time) => expiration - time)
    .find((life) => life > EXPIRY_MARGIN);
}

/** `life`, capped at the longest that STS issues. `Infinity` for credentials without an expiration. */
export function believedLife(life: number): number {
  return life === Number.POSITIVE_INFINITY ? life : Math.min(life, LONGEST_LIFE);
}

export type Freshness = "fresh" | "refresh-advised" | "expired";

/** When a session was issued, and how long it is valid. */
export interface Lifetime extends Moment {
  readonly life: number;
  /** The age at which a refresh is due. */
  readonly advisoryPoint: number;
}

export function freshnessOf(session: Lifetime, now: Moment): Freshness {
  if (certainlyElapsed(session, now) >= session.life - EXPIRY_MARGIN) return "expired";
  return elapsedBetween(session, now) >= session.advisoryPoint ? "refresh-advised" : "fresh";
}

/** 5, 15 or 60 minutes, depending on the life, and at most half of it. */
export function advisoryWindow(life: number, override?: number): number {
  const byLife = life <= 20 * MINUTE ? 5 * MINUTE : life < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;
  return Math.min(override ?? byLife, life / 2);
}

/** The age at which a refresh is due: a random point in the first half of the window, so that a fleet spreads its calls. */
export function drawAdvisoryPoint(life: number, rules: RefreshRules, random: number): number {
  const window = advisoryWindow(life, rules.advisoryWindow);
  const point = life === Number.POSITIVE_INFINITY ? life : life - window + (random * window) / 2;
  return Math.min(Math.round(point), rules.readAgainAfter ?? Number.POSITIVE_INFINITY);
}

/**
 * The age from which a request marks a session as in use, so that it is refreshed ahead. An earlier request may belong to
 * the one command that loaded the session: a sweep of a thousand accounts must not refresh a thousand sessions. One third
 * is early enough that a session requested every two thirds of its life never expires for its callers.
 * @param arrived the age at which this process received the session
 */
export function inUseFrom(arrived: number, advisoryPoint: number): number {
  return Math.round(arrived + (advisoryPoint - arrived) / 3);
}

/** When to call a source again that returned the same credentials, or expired ones: in 5 to 10 minutes. */
export function nextLook(remaining: number, random: number): number {
  const delay = NEXT_LOOK * (1 + random);
  return remaining > 0 ? Math.min(delay, Math.max(remaining / 4, FIRST_BACKOFF)) : delay;
}

/** When to look for the session that another process is loading: in 1 to 2 seconds. */
export function lookAgain(random: number): number {
  return SECOND * (1 + random);
}

/** The last time that a rejected session was replaced. */
export interface Replacement {
  readonly at: Moment;
  /** Milliseconds until the next replacement. */
  readonly hold: number;
}

/** @param doubtful whether the session may not be at fault, so that only an older one is replaced */
export function mayReplace(session: Lifetime, now: Moment, doubtful: boolean, last: Replacement | undefined): boolean {
  if (doubtful && elapsedBetween(session, now) <= DOUBT_AFTER) return false;
  if (!doubtful && freshnessOf(session, now) !== "fresh") return true;
  return last === undefined || elapsedBetween(last.at, now) >= last.hold;
}

/** Exponential backoff with full jitter, short enough for another attempt before the expiration. No wait after it. */
export function backoffAfter(failures: number, remaining: number, random: number): number {
  const ceiling = Math.min(
    FIRST_BACKOFF * 2 ** Math.min(failures - 1, 10),
    LONGEST_BACKOFF,
    Math.max(remaining, 0) / 4,
  );
  return random * ceiling;
}

/** How long a denial is remembered, so that not every command repeats the denied call: from 1 s, growing to 60 s. */
export function holdAfterRefusal(refusals: number): number {
  return Math.min(FIRST_BACKOFF * 2 ** Math.min(refusals - 1, 10), LONGEST_BACKOFF);
}
