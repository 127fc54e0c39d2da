/** How many calls a second STS takes, as far as its throttling shows. It grows with time: the limit may have risen. */
export interface LearnedRate {
  /** Calls a second at the time `since`. */
  readonly perSecond: number;
  /** Monotonic time of the last change, milliseconds. */
  readonly since: number;
}

/** What one throttled call shows. */
export interface ThrottledCall {
  /** Monotonic time, milliseconds. */
  readonly sentAt: number;
  /** Calls under way when it was throttled, itself included. */
  readonly inFlight: number;
  /** Calls that STS did not throttle in the last second. */
  readonly grantedInLastSecond: number;
}

export const UNLIMITED: LearnedRate = { perSecond: Number.POSITIVE_INFINITY, since: Number.NEGATIVE_INFINITY };

/** Milliseconds without throttling after which the rate has doubled. */
const DOUBLES_WITHIN = 3000;
/** Calls a second that are made even if STS throttles all of them: otherwise nothing would show that it has stopped. */
const LOWEST = 1;
/** Milliseconds: STS takes longer for an answer. */
export const FASTEST_ANSWER = 10;

/** Calls a second that may be made now. */
export function rateAt({ perSecond, since }: LearnedRate, now: number): number {
  return perSecond * 2 ** ((now - since) / DOUBLES_WITHIN);
}

/** Throttling halves the rate, but not below what STS has just granted. */
export function afterThrottling(rate: LearnedRate, now: number, call: ThrottledCall): LearnedRate {
  // A call that was sent before the last change tells nothing about the new rate.
  if (call.sentAt <= rate.since) return rate;
  const made = (call.inFlight * 1000) / Math.max(now - call.sentAt, FASTEST_ANSWER);
  const half = Math.min(rateAt(rate, now), made) / 2;
  return { perSecond: Math.max(half, call.grantedInLastSecond, LOWEST), since: now };
}
