import { isRolecallError, type RolecallError, type RolecallErrorCode } from "../errors.js";
import { elapsedBetween, holdAfterRefusal, type Moment, type RefreshRules } from "./refresh-policy.js";

const REFUSALS: ReadonlySet<RolecallErrorCode> = new Set([
  "ASSUME_ROLE_DENIED",
  "ASSUME_ROLE_INVALID",
  "REGION_DISABLED",
  "BASE_IDENTITY_REJECTED",
]);

/** Whether AWS denied the request in a way that lasts until somebody changes a setting. */
export function isRefusal(error: unknown): error is RolecallError {
  return isRolecallError(error) && REFUSALS.has(error.code);
}

interface Circumstances {
  readonly now: Moment;
  readonly remaining: number;
  readonly random: number;
  readonly rules: RefreshRules;
  /** Whether this key's own load failed, not the load of its parent. */
  readonly isOwn: boolean;
}

/** The last load of a key, if it failed. The source is not called again for `hold` milliseconds. */
export class LastFailure {
  readonly error: RolecallError;
  /** Whether AWS denied this key's own session. The parent's slot remembers a denial of the parent. */
  readonly isRefusal: boolean;
  /** Milliseconds. */
  readonly hold: number;
  readonly #at: Moment;
  /** Consecutive failures of this kind. */
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

  /** The denial to repeat to callers without another call. */
  remembered(now: Moment): RolecallError | undefined {
    return this.isRefusal && this.holds(now) ? this.error : undefined;
  }
}
