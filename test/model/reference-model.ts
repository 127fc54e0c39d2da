/**
 * What the design says of one key's session (its section on freshness), as plain data and pure functions. Written from
 * the text and not from the code: where the design leaves a choice, such as the random advisory point, the model knows
 * the bounds alone. Times are milliseconds.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const EXPIRY_MARGIN = 10 * SECOND;
const LOAD_LIMIT = 10 * SECOND;
export const CALL_LIMIT = 3 * SECOND;
export const WAIT_LIMIT = MINUTE;
const SHORTEST_HOLD = SECOND;
const LONGEST_HOLD = MINUTE;

export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
  /** The monotonic time less the time for which the process stood still: no timer of ours fires later than this says. */
  readonly awake: number;
  /** Counts what happens; the larger is the later. */
  readonly order: number;
}

export interface Session {
  readonly accessKeyId: string;
  readonly life: number;
  /** When the call that brought it began, and when its answer came. */
  readonly asked: Moment;
  readonly issued: Moment;
  /** An invalidation met the load that brought it: it may have been dropped or not. */
  readonly doubtful: boolean;
  readonly usedSince: boolean;
  /** A source failed, or a clock did not go on evenly, at some time of its life. */
  readonly troubled: boolean;
  readonly stepped: boolean;
  /** The machine slept since: AWS may call expired what the machine's clocks do not. */
  readonly slept: boolean;
}

export interface Refusal {
  readonly code: string;
  readonly at: Moment;
  readonly times: number;
}

export interface Load {
  readonly calls: number;
  /** The codes of those that failed. */
  readonly failures: readonly string[];
  readonly first: Moment;
  readonly last: Moment;
}

export interface KeyModel {
  /** The last that was issued. It is held unless it was dropped. */
  readonly session?: Session | undefined;
  readonly refusal?: Refusal | undefined;
  /** May be over already: the end of a refresh in the background cannot be seen. */
  readonly load?: Load | undefined;
  /** How the last call or load ended, if it failed. */
  readonly failure?: string | undefined;
  /** The last `invalidate`, as an order. */
  readonly dropped: number;
  /** A load that began before it may still be under way. */
  readonly inDoubt: boolean;
  /** Somebody asked for more than what is held. */
  readonly forced: boolean;
  /** A service refused the session that is held, and another one may be asked for. */
  readonly refused: boolean;
  /** When the last session came that was asked for because a service refused another. */
  readonly replaced?: Moment | undefined;
}

export interface Wish {
  readonly forceRefresh?: boolean;
  readonly minRemaining?: number;
}

export const NEW_KEY: KeyModel = { dropped: 0, inDoubt: false, forced: false, refused: false };

/** Failures that are remembered: asking again would not help. */
const TERMINAL: ReadonlySet<string> = new Set([
  "ASSUME_ROLE_DENIED",
  "ASSUME_ROLE_INVALID",
  "REGION_DISABLED",
  "BASE_IDENTITY_REJECTED",
]);
/** A session that services refuse is replaced no more often than this while it should live on. */
const REPLACED_ONCE_IN = MINUTE;

// --- time -----------------------------------------------------------------------------------------

/** The time that may have passed: by the clock that says more. */
export function elapsed(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}

/** The life that is left until the monotonic clock, which nothing steps, calls the session expired. */
export function remaining(session: Session, now: Moment): number {
  return session.life - (now.monotonic - session.asked.monotonic);
}

/** The life that is left by the clock that leaves less: what a wish is held against. */
function certainlyLeft(session: Session, now: Moment): number {
  return session.life - elapsed(session.asked, now);
}

/** The earliest and the latest age at which a refresh is advised. */
export function advisoryPoints(life: number): { earliest: number; latest: number } {
  const byLife = life <= 20 * MINUTE ? 5 * MINUTE : life < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;
  const window = Math.min(byLife, life / 2);
  return { earliest: life - window, latest: life - window / 2 };
}

export function isRefreshAdvised(session: Session, now: Moment): boolean {
  return elapsed(session.asked, now) >= advisoryPoints(session.life).latest;
}

/** Whether a load may be under way that began with a call to STS. */
export function mayBeLoading({ load }: KeyModel, now: Moment): boolean {
  return load !== undefined && now.awake - load.last.awake <= LOAD_LIMIT;
}

// --- what has to hold -----------------------------------------------------------------------------

export function held({ session, dropped }: KeyModel): Session | undefined {
  return session && session.asked.order > dropped ? session : undefined;
}

/** The session that a caller has to be given at once, if there is one. */
export function mustBeServed(key: KeyModel, wish: Wish, now: Moment): Session | undefined {
  const session = held(key);
  if (!session || session.doubtful || wish.forceRefresh) return undefined;
  const isLongEnough = wish.minRemaining === undefined || certainlyLeft(session, now) >= wish.minRemaining;
  return remaining(session, now) > EXPIRY_MARGIN && isLongEnough ? session : undefined;
}

/** The refusal that a caller has to be given at once, if there is one: it is remembered for a second at the least. */
export function mustBeRefused(key: KeyModel, wish: Wish, now: Moment): string | undefined {
  const { refusal, failure } = key;
  const mayBeHeld = held(key)?.doubtful || mustBeServed(key, wish, now);
  if (!refusal || refusal.code !== failure || mayBeHeld || wish.forceRefresh || mayBeLoading(key, now))
    return undefined;
  return elapsed(refusal.at, now) < SHORTEST_HOLD ? refusal.code : undefined;
}

/** The hold grows from 1 s to 60 s; by how much is bounded by the refusals so far. */
export function mayBeRefused({ refusal }: KeyModel, code: string, now: Moment): boolean {
  if (refusal?.code !== code) return false;
  return elapsed(refusal.at, now) < Math.min(LONGEST_HOLD, SHORTEST_HOLD * 2 ** (refusal.times - 1));
}

/** Whether a load may end with this error: that of its last call, or at its deadline that of one before. */
export function mayFailWith({ load, failure }: KeyModel, code: string, now: Moment): boolean {
  if (failure === code) return true;
  return load !== undefined && isOverdue(load, now) && (code === "TIMEOUT" || load.failures.includes(code));
}

export function isOverdue({ first }: Load, now: Moment): boolean {
  return now.monotonic - first.monotonic >= LOAD_LIMIT;
}

/** Whether STS may be asked now: once per key and lifetime, unless something failed or was asked for. */
export function mayAsk(key: KeyModel, now: Moment): boolean {
  const session = held(key);
  if (!session || session.doubtful || session.stepped || key.forced || key.refused || mayBeLoading(key, now))
    return true;
  return elapsed(session.asked, now) >= advisoryPoints(session.life).earliest;
}

/** Whether a session that was in use has run out although its source could have given the next one all the time. */
export function wasLeftToExpire(key: KeyModel, now: Moment): boolean {
  const session = held(key);
  if (!session || session.doubtful || session.troubled || !session.usedSince) return false;
  return remaining(session, now) <= EXPIRY_MARGIN;
}

// --- what happens ---------------------------------------------------------------------------------

export function used(key: KeyModel, wish: Wish, now: Moment): KeyModel {
  const asksForMore = wish.forceRefresh === true || wish.minRemaining !== undefined;
  const { session } = key;
  // So late a use leaves no time for a refresh before expiry.
  const inTime = session !== undefined && remaining(session, now) > EXPIRY_MARGIN + WAIT_LIMIT;
  return {
    ...key,
    forced: key.forced || (asksForMore && !mustBeServed(key, wish, now)),
    session: session && { ...session, usedSince: session.usedSince || inTime },
  };
}

export function asked(key: KeyModel, now: Moment): KeyModel {
  const load = mayBeLoading(key, now) ? key.load : undefined;
  const isAnother = key.load !== undefined && load === undefined;
  return {
    ...key,
    inDoubt: key.inDoubt && !isAnother,
    load: {
      calls: (load?.calls ?? 0) + 1,
      failures: load?.failures ?? [],
      first: load?.first ?? now,
      last: now,
    },
  };
}

export function answered(
  key: KeyModel,
  session: Pick<Session, "accessKeyId" | "life" | "asked" | "issued" | "troubled">,
): KeyModel {
  const doubtful = key.inDoubt && session.asked.order > key.dropped;
  // The load for the refused call may have failed, and a refresh that was due anyway brought this session.
  const before = key.session;
  const wasDue = before && elapsed(before.asked, session.asked) >= advisoryPoints(before.life).earliest;
  return {
    dropped: key.dropped,
    inDoubt: false,
    forced: doubtful && key.forced,
    refused: false,
    replaced: key.refused && !wasDue ? session.issued : key.replaced,
    session: { ...session, doubtful, usedSince: false, stepped: false, slept: false },
  };
}

/** A service refused the session that is held. While it should live on, another one is asked for once a minute. */
export function refused(key: KeyModel, now: Moment): KeyModel {
  const isEarly = key.replaced !== undefined && elapsed(key.replaced, now) < REPLACED_ONCE_IN;
  return isEarly && !key.session?.stepped ? key : { ...key, refused: true };
}

export function slept(key: KeyModel): KeyModel {
  return { ...key, session: key.session && { ...key.session, slept: true } };
}

export function failed(key: KeyModel, code: string, now: Moment): KeyModel {
  const load = key.load && { ...key.load, failures: [...key.load.failures, code] };
  const refusal = TERMINAL.has(code) ? { code, at: now, times: (key.refusal?.times ?? 0) + 1 } : key.refusal;
  return { ...key, failure: code, load, refusal };
}

/** A caller has been told that the load failed: it is over, and all others who waited for it are told the same. */
export function gaveUp(key: KeyModel, code: string): KeyModel {
  return { ...key, failure: code, load: undefined, inDoubt: false, forced: false };
}

/** @param loading whether a load may be under way that has not asked STS yet */
export function invalidated(key: KeyModel, now: Moment, loading: boolean): KeyModel {
  const load = mayBeLoading(key, now) ? key.load : undefined;
  return { ...key, dropped: now.order, refusal: undefined, load, inDoubt: loading || load !== undefined };
}

export function troubled(key: KeyModel, stepped: boolean): KeyModel {
  return {
    ...key,
    session: key.session && { ...key.session, troubled: true, stepped: key.session.stepped || stepped },
  };
}
