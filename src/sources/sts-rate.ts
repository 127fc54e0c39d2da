/** The calls per second that STS accepts, estimated from throttling. Grows over time, because the limit may rise. */
export interface LearnedRate {
  /** Calls per second at the time `since`. */
  readonly perSecond: number;
  /** Monotonic time of the last change, milliseconds. */
  readonly since: number;
}

/** The circumstances of a throttled call. */
export interface ThrottledCall {
  /** Monotonic time, milliseconds. */
  readonly sentAt: number;
  /** Calls in flight when it was throttled, including itself. */
  readonly inFlight: number;
  /** Calls that STS did not throttle in the last second. */
  readonly grantedInLastSecond: number;
}

export const UNLIMITED: LearnedRate = { perSecond: Number.POSITIVE_INFINITY, since: Number.NEGATIVE_INFINITY };

/** Milliseconds without throttling in which the rate doubles. */
const DOUBLES_WITHIN = 3000;
/** Minimum calls per second, even if all are throttled. Without calls, the end of throttling would go unnoticed. */
const LOWEST = 1;
/** Milliseconds. No STS response is faster. */
export const FASTEST_ANSWER = 10;

/** The calls per second that are allowed now. */
export function rateAt({ perSecond, since }: LearnedRate, now: number): number {
  return perSecond * 2 ** ((now - since) / DOUBLES_WITHIN);
}

/** Throttling halves the rate, but not below what STS has just granted. */
export function afterThrottling(rate: LearnedRate, now: number, call: ThrottledCall): LearnedRate {
  // A call that was sent before the last change says nothing about the new rate.
  if (call.sentAt <= rate.since) return rate;
  const made = (call.inFlight * 1000) / Math.max(now - call.sentAt, FASTEST_ANSWER);
  const half = Math.min(rateAt(rate, now), made) / 2;
  return { perSecond: Math.max(half, call.grantedInLastSecond, LOWEST), since: now };
}
