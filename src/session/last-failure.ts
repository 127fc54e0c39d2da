import { isRolecallError, type RolecallError, type RolecallErrorCode } from "../errors.js";
import { elapsedBetween, holdAfterRefusal, type Moment, type RefreshRules } from "./refresh-policy.js";

const REFUSALS: ReadonlySet<RolecallErrorCode> = new Set([
  "ASSUME_ROLE_DENIED",
  "ASSUME_ROLE_INVALID",
  "REGION_DISABLED",
  "BASE_IDENTITY_REJECTED",
]);

/** AWS refused for good: the same request gets the same answer until somebody changes something. */
export function isRefusal(error: unknown): error is RolecallError {
  return isRolecallError(error) && REFUSALS.has(error.code);
}

interface Circumstances {
  readonly now: Moment;
  readonly remaining: number;
  readonly random: number;
  readonly rules: RefreshRules;
  /** Whether the key's own load failed instead of that of the identity before it. */
  readonly isOwn: boolean;
}

/** The last load of a key if it failed. The source is not asked again before `hold` milliseconds have passed. */
export class LastFailure {
  readonly error: RolecallError;
  /** Whether AWS refused this key's own session. The refusal of an identity before it is remembered by that one's key. */
  readonly isRefusal: boolean;
  /** Milliseconds. */
  readonly hold: number;
  readonly #at: Moment;
  /** Failures of this kind in a row. */
  readonly #count: number;

  constructor(
    error: RolecallError,
    before: LastFailure | undefined,
    { now, remaining, random, rules, isOwn }: Circumstances,
  ) {
    const refused = isOwn && isRefusal(error);
    this.error = error;
    this.isRefusal = refused;
    this.#at = now;
    this.#count = before?.isRefusal === refused ? before.#count + 1 : 1;
    this.hold = refused ? holdAfterRefusal(this.#count) : rules.holdAfterFailure(this.#count, remaining, random);
  }

  holds(now: Moment): boolean {
    return elapsedBetween(this.#at, now) < this.hold;
  }

  /** The refusal to repeat to callers without asking again. */
  remembered(now: Moment): RolecallError | undefined {
    return this.isRefusal && this.holds(now) ? this.error : undefined;
  }
}
