/**
 * What the design requires of one key's session (its section on freshness), as plain data and pure functions. It is
 * written from the design, not from the code. Where the design leaves a choice, such as the random advisory point, the
 * model has only the bounds. Times are milliseconds.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const EXPIRY_MARGIN = 10 * SECOND;
const LOAD_LIMIT = 10 * SECOND;
export const CALL_LIMIT = 3 * SECOND;
export const WAIT_LIMIT = MINUTE;
/** Sums of fractions of a millisecond differ by less. */
export const ROUNDING = 0.001;
const SHORTEST_HOLD = SECOND;
const LONGEST_HOLD = MINUTE;
const ROUNDED = 1;

export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
  /** The monotonic time without the time for which the process was stopped: no timer of ours fires later than this. */
  readonly awake: number;
  /** Counts events: a later event has a larger number. */
  readonly order: number;
}

export interface Session {
  readonly accessKeyId: string;
  readonly life: number;
  /** When the call for it began, and when its response arrived. */
  readonly asked: Moment;
  readonly issued: Moment;
  /** An invalidation met the load that returned it: the session may have been dropped or not. */
  readonly doubtful: boolean;
  /** A caller asked for it so late that it must be refreshed ahead, or may be. */
  readonly inUse: "certainly" | "perhaps" | "not";
  /** A source failed, or a clock did not advance evenly, during its lifetime. */
  readonly troubled: boolean;
  readonly stepped: boolean;
  /** The machine has slept since: AWS may treat the session as expired although the machine's clocks do not. */
  readonly slept: boolean;
}

export interface Refusal {
  readonly code: string;
  readonly at: Moment;
  readonly times: number;
  /** It came before the machine may have got another role, so the resolver may have forgotten it. */
  readonly doubtful?: boolean;
}

export interface Load {
  readonly calls: number;
  /** The error codes of the failed calls. */
  readonly failures: readonly string[];
  readonly first: Moment;
  readonly last: Moment;
}

export interface KeyModel {
  /** The last one that was issued. It is held unless it was dropped. */
  readonly session?: Session | undefined;
  readonly refusal?: Refusal | undefined;
  /** It may be over already: the end of a background refresh is not visible. */
  readonly load?: Load | undefined;
  /** How the last call or load ended, if it failed. */
  readonly failure?: string | undefined;
  /** The last `invalidate`, as an order. */
  readonly dropped: number;
  /** A load that began before it may still be running. */
  readonly inDoubt: boolean;
  /** That load may not have called STS yet, so the next call may be its first. */
  readonly mayBeSilent: boolean;
  /** A caller requested more than the held session offers. */
  readonly forced: boolean;
  /** A service rejected the held session, and a new one may be requested. */
  readonly refused: boolean;
  /** When the last session arrived that was requested because a service rejected the previous one. */
  readonly replaced?: Moment | undefined;
}

export interface Wish {
  readonly forceRefresh?: boolean;
  readonly minRemaining?: number;
}

export const NEW_KEY: KeyModel = { dropped: 0, inDoubt: false, mayBeSilent: false, forced: false, refused: false };

/** Failures that are remembered, because another attempt would not help. */
const TERMINAL: ReadonlySet<string> = new Set([
  "ASSUME_ROLE_DENIED",
  "ASSUME_ROLE_INVALID",
  "REGION_DISABLED",
  "BASE_IDENTITY_REJECTED",
]);
/** The minimum time between replacements of a session that services reject, while it is still valid. */
const REPLACED_ONCE_IN = MINUTE;

// --- time -----------------------------------------------------------------------------------------

/** The time that may have passed, by the clock that advanced further. */
export function elapsed(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}

/** The remaining lifetime by the monotonic clock, which is never stepped. */
export function remaining(session: Session, now: Moment): number {
  return session.life - (now.monotonic - session.asked.monotonic);
}

/** The remaining lifetime by the clock that leaves less, which is compared with the required one. */
function certainlyLeft(session: Session, now: Moment): number {
  return session.life - elapsed(session.asked, now);
}

/** The earliest and the latest age at which a refresh is advised. */
export function advisoryPoints(life: number): { earliest: number; latest: number } {
  const byLife = life <= 20 * MINUTE ? 5 * MINUTE : life < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;
  const window = Math.min(byLife, life / 2);
  return { earliest: life - window, latest: life - window / 2 };
}

/** The earliest and the latest age from which a caller who asks for a session shows that it is in use. */
export function usePoints(life: number, arrived: number): { earliest: number; latest: number } {
  const { earliest, latest } = advisoryPoints(life);
  const firstThird = (point: number) => arrived + (point - arrived) / 3;
  return { earliest: firstThird(earliest) - ROUNDED, latest: firstThird(latest) + ROUNDED };
}

export function isRefreshAdvised(session: Session, now: Moment): boolean {
  return elapsed(session.asked, now) >= advisoryPoints(session.life).latest;
}

/** Whether a load may be running that began with a call to STS. */
export function mayBeLoading({ load }: KeyModel, now: Moment): boolean {
  return load !== undefined && now.awake - load.last.awake <= LOAD_LIMIT;
}

// --- requirements ---------------------------------------------------------------------------------

export function held({ session, dropped }: KeyModel): Session | undefined {
  return session && session.asked.order > dropped ? session : undefined;
}

/** The session that a caller must get at once, if there is one. */
export function mustBeServed(key: KeyModel, wish: Wish, now: Moment): Session | undefined {
  const session = held(key);
  if (!session || session.doubtful || wish.forceRefresh) return undefined;
  const isLongEnough = wish.minRemaining === undefined || certainlyLeft(session, now) >= wish.minRemaining;
  return remaining(session, now) > EXPIRY_MARGIN && isLongEnough ? session : undefined;
}

/** The denial that a caller must get at once, if there is one. It is remembered for at least a second. */
export function mustBeRefused(key: KeyModel, wish: Wish, now: Moment): string | undefined {
  const { refusal, failure } = key;
  const mayBeHeld = held(key)?.doubtful || mustBeServed(key, wish, now);
  if (!refusal || refusal.doubtful || refusal.code !== failure) return undefined;
  if (mayBeHeld || wish.forceRefresh || mayBeLoading(key, now)) return undefined;
  return elapsed(refusal.at, now) < SHORTEST_HOLD ? refusal.code : undefined;
}

/** A denial is remembered for 1 s, growing to 60 s. The denials so far limit the growth. */
export function mayBeRefused({ refusal }: KeyModel, code: string, now: Moment): boolean {
  if (refusal?.code !== code) return false;
  return elapsed(refusal.at, now) < Math.min(LONGEST_HOLD, SHORTEST_HOLD * 2 ** (refusal.times - 1));
}

/** Whether a load may end with this error: its last call's or, at its deadline, an earlier call's. */
export function mayFailWith({ load, failure }: KeyModel, code: string, now: Moment): boolean {
  if (failure === code) return true;
  return load !== undefined && isOverdue(load, now) && (code === "TIMEOUT" || load.failures.includes(code));
}

export function isOverdue({ first }: Load, now: Moment): boolean {
  return now.monotonic - first.monotonic >= LOAD_LIMIT - ROUNDING;
}

/** Whether STS may be called now: once for each key and lifetime, unless a call failed or a caller required more. */
export function mayAsk(key: KeyModel, now: Moment): boolean {
  const session = held(key);
  if (!session || session.doubtful || session.stepped || key.forced || key.refused || mayBeLoading(key, now))
    return true;
  return elapsed(session.asked, now) >= advisoryPoints(session.life).earliest;
}

/** Whether a session in use has expired although its source was available all the time. */
export function wasLeftToExpire(key: KeyModel, now: Moment): boolean {
  const session = held(key);
  if (!session || session.doubtful || session.troubled || session.inUse !== "certainly") return false;
  return remaining(session, now) <= EXPIRY_MARGIN;
}

/** Whether STS must not be called for a session, although a refresh may be advised: nobody has asked for it lately. */
export function mustRest(key: KeyModel, now: Moment): boolean {
  const session = held(key);
  if (!session || session.doubtful || session.stepped || key.forced || key.refused || mayBeLoading(key, now))
    return false;
  // After a step of the wall clock during its load, the call that is signed again asks for it too late.
  const arrived = elapsed(session.asked, session.issued);
  if (arrived >= advisoryPoints(session.life).earliest) return false;
  return session.inUse === "not" && remaining(session, now) > EXPIRY_MARGIN;
}

// --- events ---------------------------------------------------------------------------------------

export function used(key: KeyModel, wish: Wish, now: Moment): KeyModel {
  const asksForMore = wish.forceRefresh === true || wish.minRemaining !== undefined;
  const { session } = key;
  return {
    ...key,
    forced: key.forced || (asksForMore && !mustBeServed(key, wish, now)),
    session: session && { ...session, inUse: useAfter(session, now) },
  };
}

function useAfter(session: Session, now: Moment): Session["inUse"] {
  const age = elapsed(session.asked, now);
  const { earliest, latest } = usePoints(session.life, elapsed(session.asked, session.issued));
  // A use as late as this leaves no time for a refresh before expiry.
  const inTime = remaining(session, now) > EXPIRY_MARGIN + WAIT_LIMIT;
  if (session.inUse === "certainly" || (age >= latest && inTime)) return "certainly";
  return age >= earliest ? "perhaps" : session.inUse;
}

export function asked(key: KeyModel, now: Moment): KeyModel {
  const load = mayBeLoading(key, now) ? key.load : undefined;
  const isAnother = key.load !== undefined && load === undefined;
  return {
    ...key,
    inDoubt: key.inDoubt && (key.mayBeSilent || !isAnother),
    mayBeSilent: false,
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
  // The load for the rejected call may have failed, and a refresh that was due anyway returned this session.
  const before = key.session;
  const wasDue = before && elapsed(before.asked, session.asked) >= advisoryPoints(before.life).earliest;
  return {
    dropped: key.dropped,
    inDoubt: false,
    mayBeSilent: false,
    forced: doubtful && key.forced,
    refused: false,
    replaced: key.refused && !wasDue ? session.issued : key.replaced,
    session: { ...session, doubtful, inUse: "not", stepped: false, slept: false },
  };
}

/** A service rejected the held session. While it is still valid, it is replaced at most once a minute. */
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

/** A caller got the load's error: the load is over, and all other callers that waited for it get the same error. */
export function gaveUp(key: KeyModel, code: string): KeyModel {
  return { ...key, failure: code, load: undefined, inDoubt: false, mayBeSilent: false, forced: false };
}

/** @param loading whether a load may be running that has not called STS yet */
export function invalidated(key: KeyModel, now: Moment, loading: boolean): KeyModel {
  const load = mayBeLoading(key, now) ? key.load : undefined;
  const inDoubt = loading || load !== undefined;
  return { ...key, dropped: now.order, refusal: undefined, load, inDoubt, mayBeSilent: loading };
}

/** The session, or a remembered denial, may have been dropped. A load that begins again is the same load. */
export function doubted(key: KeyModel, now: Moment): KeyModel {
  const { session, refusal } = key;
  return {
    ...key,
    inDoubt: true,
    mayBeSilent: true,
    load: mayBeLoading(key, now) ? key.load : undefined,
    session: session && { ...session, doubtful: true },
    refusal: refusal && { ...refusal, doubtful: true },
  };
}

export function troubled(key: KeyModel, stepped: boolean): KeyModel {
  return {
    ...key,
    session: key.session && { ...key.session, troubled: true, stepped: key.session.stepped || stepped },
  };
}
