import { onAbort, raceAbort } from "../abort.js";
import { RolecallError } from "../errors.js";
import type { Runtime } from "../runtime.js";
import { Outbox } from "./outbox.js";
import { type Done, type Failed, judgeError, type Outcome, type OutcomePlace, type SkipReason } from "./outcome.js";
import { type Plan, type PlannedAccount, placeOf } from "./plan.js";

/** A target's turn, or an account's turn while its regions are listed. */
export interface Turn {
  readonly account: PlannedAccount;
  /** Aborts when the target times out or the run is aborted. */
  readonly signal: AbortSignal;
  /** Starts the time limit when the target's credentials or work begin. Later calls do nothing. */
  begin(): void;
}

/** The steps of a run in each account. */
export interface Steps<T> {
  /** Makes sure that there are credentials. If this fails, the account's other regions fail without another attempt. */
  credentials(turn: Turn): Promise<void>;
  /** Lists the regions that are enabled. */
  regions(turn: Turn): Promise<readonly string[]>;
  work(turn: Turn, region: string): Promise<T>;
}

/** How a run processes its targets. */
export interface RunSettings {
  /** The number of accounts to process at a time. */
  readonly concurrency: number;
  /** The number of regions to process at a time in each account. */
  readonly regionConcurrency: number;
  /** The time limit for one target, in milliseconds. */
  readonly timeout: number | undefined;
  /** If more targets than this fail, no others are started. */
  readonly tolerance: number | undefined;
  /** The number of accounts to run first, one target at a time. */
  readonly canary: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: RunProgress) => unknown) | undefined;
  readonly runtime: Runtime;
}

/** The progress of a run. At the end, `planned` is the sum of `done`, `failed` and `skipped`. */
export interface RunProgress {
  /** The number of targets. An account counts as one target until its regions are known. */
  readonly planned: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
}

/** An outcome, and its place in the plan. */
export interface PlacedOutcome<T> {
  readonly outcome: Outcome<T>;
  readonly position: Position;
}

type Numbered = readonly [number, PlannedAccount];

/** One run over the accounts of a plan: every target gets exactly one outcome. */
export class TargetRun<T> {
  readonly #plan: Plan;
  readonly #steps: Steps<T>;
  readonly #settings: RunSettings;
  readonly #outbox: Outbox<PlacedOutcome<T>>;
  readonly #running = new Set<AbortController>();
  readonly #counts = { planned: 0, running: 0, done: 0, failed: 0, skipped: 0 };
  /** Why no more targets are started. */
  #stop: SkipReason | undefined;
  #isCanary = false;

  constructor(plan: Plan, steps: Steps<T>, settings: RunSettings) {
    this.#plan = plan;
    this.#steps = steps;
    this.#settings = settings;
    this.#outbox = new Outbox(settings.concurrency * settings.regionConcurrency);
    const perAccount = plan.accounts.map(({ regions: { known, wanted } }) => (known && (wanted ?? known).length) ?? 1);
    this.#counts.planned = perAccount.reduce((sum, count) => sum + count, plan.inactive.length);
  }

  get progress(): RunProgress {
    return { ...this.#counts };
  }

  next(): Promise<IteratorResult<PlacedOutcome<T>, undefined>> {
    return this.#outbox.next();
  }

  /** Runs all targets. Never rejects: readers of the outcomes get the error. */
  async start(): Promise<void> {
    const { signal } = this.#settings;
    const abort = () => this.#abort(signal?.reason);
    const stopListening = signal?.aborted ? abort() : signal && onAbort(signal, abort);
    try {
      await this.#runAll();
      this.#outbox.close();
    } catch (error) {
      this.#outbox.close({ error });
    } finally {
      stopListening?.();
    }
  }

  /** Discards unread outcomes and aborts the run, because the reader has left. */
  leave(): void {
    this.#outbox.close({}, true);
    this.#abort(undefined);
  }

  #abort(reason: unknown): void {
    this.#stop ??= "ABORTED";
    for (const controller of this.#running) controller.abort(abortedError(reason));
  }

  async #runAll(): Promise<void> {
    const { accounts, inactive } = this.#plan;
    for (const [index, { account, state }] of inactive.entries()) {
      await this.#outbox.room();
      this.#skip([accounts.length + index, 0], placeOf(account), "ACCOUNT_NOT_ACTIVE", state);
    }
    const { canary, concurrency, regionConcurrency } = this.#settings;
    const numbered = [...accounts.entries()];
    this.#isCanary = canary > 0;
    await this.#runAccounts(numbered.slice(0, canary), 1, 1);
    this.#isCanary = false;
    await this.#runAccounts(numbered.slice(canary), concurrency, regionConcurrency);
  }

  #runAccounts(accounts: readonly Numbered[], concurrency: number, regionConcurrency: number): Promise<void> {
    return inParallel(accounts, concurrency, (account) => this.#runAccount(account, regionConcurrency));
  }

  async #runAccount([index, account]: Numbered, concurrency: number): Promise<void> {
    const turns = new AccountTurns(account, this.#steps);
    const known = account.regions.known ?? (await this.#askForRegions(index, turns));
    if (!known) return;
    const regions = [...(account.regions.wanted ?? known).entries()];
    await inParallel(regions, concurrency, ([number, region]) =>
      this.#runTarget([index, number], turns, region, known.includes(region)),
    );
  }

  /** @returns `undefined` if the account already has its outcome */
  async #askForRegions(index: number, turns: AccountTurns<T>): Promise<readonly string[] | undefined> {
    const { account } = turns;
    const position = [index, 0] as const;
    await this.#outbox.room();
    if (this.#stop) {
      this.#skip(position, placeOf(account), this.#stop);
      return undefined;
    }
    const ended = await this.#takeTurn(account, (turn) => turns.askForRegions(turn));
    if (ended.status === "failed") {
      this.#end(position, { ...placeOf(account), ...ended });
      return undefined;
    }
    this.#counts.planned += (account.regions.wanted ?? ended.value).length - 1;
    return ended.value;
  }

  async #runTarget(position: Position, turns: AccountTurns<T>, region: string, isListed: boolean): Promise<void> {
    const place = { ...placeOf(turns.account), region };
    await this.#outbox.room();
    const reason = isListed ? this.#stop : "REGION_NOT_LISTED";
    if (reason) return this.#skip(position, place, reason);
    const ended = await this.#takeTurn(turns.account, (turn) => turns.work(turn, region));
    this.#end(position, { ...place, ...ended });
  }

  #skip(position: Position, place: Place, reason: SkipReason, accountState?: string): void {
    const state = accountState !== undefined && { accountState };
    this.#end(position, { ...place, milliseconds: 0, status: "skipped", reason, ...state });
  }

  async #takeTurn<R>(
    account: PlannedAccount,
    task: (turn: Turn) => Promise<R>,
  ): Promise<Ending<Done<R>> | Ending<Failed>> {
    const { runtime, timeout } = this.#settings;
    const controller = new AbortController();
    const over = new AbortController();
    let began: number | undefined;
    const begin = () => {
      if (began !== undefined) return;
      began = runtime.monotonic();
      if (timeout === undefined) return;
      const expire = () => controller.abort(timeoutError(account, timeout));
      runtime.sleep(timeout, over.signal).then(expire, () => {}); // unlike schedule(), sleep() keeps the process alive
    };
    const milliseconds = () => (began === undefined ? 0 : runtime.monotonic() - began);
    this.#running.add(controller);
    this.#counts.running++;
    try {
      const value = await raceAbort(task({ account, signal: controller.signal, begin }), controller.signal);
      return { status: "done", value, milliseconds: milliseconds() };
    } catch (thrown) {
      // An SDK client throws an AbortError instead of the signal's reason.
      const error = controller.signal.aborted ? controller.signal.reason : thrown;
      return { status: "failed", ...judgeError(error), milliseconds: milliseconds() };
    } finally {
      if (timeout !== undefined) over.abort(); // only if needed: abort() creates an error with its stack
      this.#running.delete(controller);
      this.#counts.running--;
    }
  }

  #end(position: Position, outcome: Outcome<T>): void {
    this.#counts[outcome.status]++;
    if (outcome.status === "failed") this.#noteFailure();
    this.#outbox.put({ outcome, position });
    try {
      this.#settings.onProgress?.(this.progress);
    } catch (error) {
      this.#abort(error); // stops the run before another target starts
      throw error;
    }
  }

  #noteFailure(): void {
    const { tolerance = this.#isCanary ? 0 : Number.POSITIVE_INFINITY } = this.#settings;
    if (this.#counts.failed > tolerance) this.#stop ??= this.#isCanary ? "CANARY_FAILED" : "TOLERANCE_EXCEEDED";
  }
}

/** The turns of one account's targets. */
class AccountTurns<T> {
  readonly account: PlannedAccount;
  readonly #steps: Steps<T>;
  #failure: { readonly error: unknown } | undefined;

  constructor(account: PlannedAccount, steps: Steps<T>) {
    this.account = account;
    this.#steps = steps;
  }

  async askForRegions(turn: Turn): Promise<readonly string[]> {
    await this.#steps.credentials(turn);
    turn.signal.throwIfAborted();
    return this.#steps.regions(turn);
  }

  /**
   * If one region gets no credentials, the account's other regions fail with the same error, without another attempt.
   */
  async work(turn: Turn, region: string): Promise<T> {
    if (this.#failure) throw this.#failure.error;
    try {
      await raceAbort(this.#steps.credentials(turn), turn.signal);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
    turn.signal.throwIfAborted(); // a resolver may ignore the signal
    return this.#steps.work(turn, region);
  }
}

type Position = readonly [account: number, region: number];
type Place = Omit<OutcomePlace, "milliseconds">;
/** How a turn ended, without its place. */
type Ending<O> = Omit<O, Exclude<keyof OutcomePlace, "milliseconds">>;

/** Starts items in order. When one finishes, the next one starts. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  concurrency: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

function abortedError(reason: unknown): RolecallError {
  return new RolecallError("ABORTED", "The run was aborted while the target was running.", {
    step: "work",
    cause: reason,
    hint: "Run the target again if its work was interrupted.",
  });
}

function timeoutError({ roleArn }: PlannedAccount, ms: number): RolecallError {
  return new RolecallError("TIMEOUT", `The target did not finish within ${ms / 1000} seconds.`, {
    step: "work",
    roleArn,
    retryable: true,
    hint: "Raise options.timeout, or pass target.signal to the calls that the work waits for.",
  });
}
