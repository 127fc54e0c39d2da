import { ONCE } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import { groupBy } from "../group-by.js";
import { conflict } from "../request/validation.js";
import { safeCause } from "../sources/safe-cause.js";
import type { Done, Failed, Outcome, Skipped } from "./outcome.js";
import type { Plan } from "./plan.js";
import { type PlacedOutcome, type RunProgress, type RunSettings, type Steps, TargetRun } from "./run-targets.js";

/** Reasons that follow from the settings. A skip for any other reason means that requested work was not done. */
const EXPECTED: ReadonlySet<string> = new Set<Skipped["reason"]>(["ACCOUNT_NOT_ACTIVE", "REGION_NOT_LISTED"]);

/**
 * The outcomes of a run over many accounts, in the order in which targets finish. The run starts when you iterate over
 * it or call `collect()`; you can do this only once. If you leave the loop early, running targets are aborted and no
 * more targets start.
 */
export interface FanOut<T> extends AsyncIterable<Outcome<T>> {
  /** The progress of the run. All counts are 0 until the accounts are known. */
  readonly progress: RunProgress;
  /**
   * Reads all outcomes into memory.
   * @returns all outcomes (done, failed and skipped), in the order of the plan
   * @throws RolecallError if the accounts cannot be listed or a role is not allowed. No target has started in that case
   */
  collect(): Promise<FanOutResult<T>>;
}

/** All outcomes of a run, each list in the order of the plan. */
export interface FanOutResult<T> {
  /** The return value of `work` for each target that is done. */
  readonly values: readonly T[];
  readonly done: readonly Done<T>[];
  readonly failures: readonly Failed[];
  readonly skipped: readonly Skipped[];
  /** The outcomes of each account, by account id. */
  byAccount(): ReadonlyMap<string, readonly Outcome<T>[]>;
  /**
   * @throws RolecallError `TARGETS_FAILED` if a target failed, or was skipped because the run stopped. Accounts that
   * are not active and regions that are not listed do not count as failures.
   */
  throwIfFailed(): void;
}

export class RunOutcomes<T> implements FanOut<T> {
  readonly #plan: () => Plan | Promise<Plan>;
  readonly #steps: Steps<T>;
  readonly #settings: RunSettings;
  #run: TargetRun<T> | undefined;
  #isRead = false;

  /** @param plan creates the plan. An error that it throws keeps the run from starting */
  constructor(plan: () => Plan | Promise<Plan>, steps: Steps<T>, settings: RunSettings) {
    this.#plan = plan;
    this.#steps = steps;
    this.#settings = settings;
  }

  get progress(): RunProgress {
    return this.#run?.progress ?? { planned: 0, running: 0, done: 0, failed: 0, skipped: 0 };
  }

  [Symbol.asyncIterator](): AsyncGenerator<Outcome<T>, undefined> {
    const left = new AbortController();
    const outcomes = this.#readOutcomes(left.signal);
    const end = outcomes.return.bind(outcomes);
    const fail = outcomes.throw.bind(outcomes);
    // The generator's own methods first wait for the next outcome, which may never come.
    return Object.assign(outcomes, {
      return: (value: undefined) => {
        left.abort();
        return end(value);
      },
      throw: (error: unknown) => {
        left.abort();
        return fail(error);
      },
    });
  }

  async collect(): Promise<FanOutResult<T>> {
    const placed: PlacedOutcome<T>[] = [];
    for await (const each of this.#read()) placed.push(each);
    placed.sort((one, other) => one.position[0] - other.position[0] || one.position[1] - other.position[1]);
    return new AllOutcomes(placed.map(({ outcome }) => outcome));
  }

  async *#readOutcomes(left: AbortSignal): AsyncGenerator<Outcome<T>, undefined> {
    for await (const { outcome } of this.#read(left)) yield outcome;
  }

  /** @param left aborts when the reader leaves the loop */
  async *#read(left?: AbortSignal): AsyncGenerator<PlacedOutcome<T>, undefined> {
    if (this.#isRead) {
      throw conflict(
        "forEachAccount()",
        "was already read",
        "Call it again for another run, or reuse the result of collect().",
      );
    }
    this.#isRead = true;
    const plan = await this.#plan();
    if (left?.aborted) return;
    const run = new TargetRun(plan, this.#steps, this.#settings);
    this.#run = run;
    left?.addEventListener("abort", () => run.leave(), ONCE);
    const ended = run.start();
    try {
      for (let next = await run.next(); !next.done; next = await run.next()) yield next.value;
    } finally {
      run.leave();
      await ended;
    }
  }
}

class AllOutcomes<T> implements FanOutResult<T> {
  readonly done: readonly Done<T>[];
  readonly failures: readonly Failed[];
  readonly skipped: readonly Skipped[];
  readonly #outcomes: readonly Outcome<T>[];

  constructor(outcomes: readonly Outcome<T>[]) {
    this.#outcomes = outcomes;
    this.done = outcomes.filter((outcome) => outcome.status === "done");
    this.failures = outcomes.filter((outcome) => outcome.status === "failed");
    this.skipped = outcomes.filter((outcome) => outcome.status === "skipped");
  }

  get values(): readonly T[] {
    return this.done.map(({ value }) => value);
  }

  byAccount(): ReadonlyMap<string, readonly Outcome<T>[]> {
    return groupBy(this.#outcomes, ({ accountId }) => accountId);
  }

  throwIfFailed(): void {
    const left = this.skipped.filter(({ reason }) => !EXPECTED.has(reason));
    if (this.failures.length === 0 && left.length === 0) return;
    const codes = [...this.failures.map(({ code }) => code), ...left.map(({ reason }) => reason)];
    const message = `${codes.length} of ${this.#outcomes.length} targets are not done: ${countEach(codes)}.`;
    const [first] = this.failures;
    throw new RolecallError("TARGETS_FAILED", message, {
      step: "work",
      retryable: this.failures.some(({ retryable }) => retryable),
      cause: first && (isRolecallError(first.error) ? first.error : safeCause(first.error)),
      hint: "Check failures and skipped. Each entry names its account and region.",
    });
  }
}

/** For example, `ASSUME_ROLE_DENIED 3, TIMEOUT 1`. The most frequent code comes first. */
function countEach(codes: readonly string[]): string {
  const groups = [...groupBy(codes, (code) => code)];
  const ordered = groups.sort(([, one], [, other]) => other.length - one.length);
  return ordered.map(([code, { length }]) => `${code} ${length}`).join(", ");
}
