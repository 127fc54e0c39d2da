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

/** The last load of a key if it failed. The source is not asked again before `hold` milliseconds have passed. */
export class LastFailure {
  readonly error: RolecallError;
  /** Milliseconds. */
  readonly hold: number;
  readonly #at: Moment;
  /** Failures of this kind in a row. */
  readonly #count: number;

  constructor(
    error: RolecallError,
    before: LastFailure | undefined,
    { now, remaining, random, rules }: { now: Moment; remaining: number; random: number; rules: RefreshRules },
  ) {
    const refused = isRefusal(error);
    this.error = error;
    this.#at = now;
    this.#count = before && isRefusal(before.error) === refused ? before.#count + 1 : 1;
    this.hold = refused ? holdAfterRefusal(this.#count) : rules.holdAfterFailure(this.#count, remaining, random);
  }

  holds(now: Moment): boolean {
    return elapsedBetween(this.#at, now) < this.hold;
  }

  /** The refusal to repeat to callers without asking again. */
  remembered(now: Moment): RolecallError | undefined {
    return isRefusal(this.error) && this.holds(now) ? this.error : undefined;
  }
}
