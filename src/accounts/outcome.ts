import { isRolecallError } from "../errors.js";

/** Where a target is. */
export interface Place {
  readonly accountId: string;
  /** As AWS Organizations has it. Absent without `accounts.organization`. */
  readonly accountName?: string;
  readonly region: string;
  /** The role that acts. */
  readonly roleArn: string;
}

/** Where an outcome belongs. Without a region, it is the outcome of the whole account. */
export interface OutcomePlace extends Omit<Place, "region"> {
  readonly region?: string;
  /** From the target's turn to its end. 0 if it was never its turn. */
  readonly milliseconds: number;
}

/** The work of a target returned. */
export interface Done<T> extends OutcomePlace {
  readonly status: "done";
  readonly region: string;
  readonly value: T;
}

/** The target has no credentials, its work threw an error, or its time was over. */
export interface Failed extends OutcomePlace {
  readonly status: "failed";
  /** What was thrown. */
  readonly error: unknown;
  /** The code of a RolecallError; for other errors their name, which is AWS's code for an error of an AWS client. */
  readonly code: string;
  /** Whether the same work may succeed later. */
  readonly retryable: boolean;
}

/**
 * Why a target never had its turn:
 * - `ACCOUNT_NOT_ACTIVE`: AWS Organizations says so; `accountState` is the state
 * - `REGION_NOT_LISTED`: the run asked for a region that the account's `regions` do not contain
 * - `CANARY_FAILED`: too many targets of the canary failed
 * - `TOLERANCE_EXCEEDED`: too many targets failed
 * - `ABORTED`: the signal, or the end of the iteration
 */
export type SkipReason =
  | "ACCOUNT_NOT_ACTIVE"
  | "REGION_NOT_LISTED"
  | "CANARY_FAILED"
  | "TOLERANCE_EXCEEDED"
  | "ABORTED";

/** The target never had its turn. */
export interface Skipped extends OutcomePlace {
  readonly status: "skipped";
  readonly reason: SkipReason;
  /** The account's state as AWS Organizations spells it. Only with `ACCOUNT_NOT_ACTIVE`. */
  readonly accountState?: string;
}

/** How a target ended. */
export type Outcome<T> = Done<T> | Failed | Skipped;

const NAME = /^[\w.-]{1,128}$/;

/** What an outcome says about an error, besides the error itself. Its properties may be getters that throw. */
export function judgeError(error: unknown): Pick<Failed, "error" | "code" | "retryable"> {
  if (isRolecallError(error)) return { error, code: error.code, retryable: error.retryable };
  try {
    const { name, $retryable } = (error ?? {}) as { name?: unknown; $retryable?: unknown };
    const code = typeof name === "string" && NAME.test(name) ? name : "Error";
    return { error, code, retryable: $retryable !== undefined };
  } catch {
    return { error, code: "Error", retryable: false };
  }
}
