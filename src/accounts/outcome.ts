import { isRolecallError } from "../errors.js";

/** The account and region of a target, and its role. */
export interface Place {
  readonly accountId: string;
  /** The account's name in AWS Organizations. Absent without `accounts.organization`. */
  readonly accountName?: string;
  readonly region: string;
  /** The role that acts in the account. */
  readonly roleArn: string;
}

/** The target of an outcome. Without a region, the outcome is for the whole account. */
export interface OutcomePlace extends Omit<Place, "region"> {
  readonly region?: string;
  /** The time from the target's turn to its end. 0 if it never had its turn. */
  readonly milliseconds: number;
}

/** The target's work returned. */
export interface Done<T> extends OutcomePlace {
  readonly status: "done";
  readonly region: string;
  readonly value: T;
}

/** The target got no credentials, its work threw an error, or it was aborted or timed out. */
export interface Failed extends OutcomePlace {
  readonly status: "failed";
  /** The thrown value. */
  readonly error: unknown;
  /**
   * The code of a RolecallError; for any other error, its name. For errors of AWS clients, the name is AWS's error
   * code.
   */
  readonly code: string;
  /** Whether the same work may succeed later. */
  readonly retryable: boolean;
}

/**
 * Why a target never had its turn:
 * - `ACCOUNT_NOT_ACTIVE`: AWS Organizations reports another state, which is in `accountState`
 * - `REGION_NOT_LISTED`: the run asked for a region that the account's `regions` do not contain
 * - `CANARY_FAILED`: too many targets of the canary failed
 * - `TOLERANCE_EXCEEDED`: too many targets failed
 * - `ABORTED`: the signal aborted, or the iteration ended early
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

/** The fields of an outcome that describe an error. The error's properties may be getters that throw. */
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
