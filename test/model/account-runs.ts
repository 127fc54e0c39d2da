import { getEventListeners } from "node:events";
import fc from "fast-check";
import { type FanOut, RunOutcomes } from "../../src/accounts/fan-out.js";
import type { Failed, Outcome } from "../../src/accounts/outcome.js";
import type { Plan, PlannedAccount } from "../../src/accounts/plan.js";
import type { RunProgress, RunSettings, Steps, Turn } from "../../src/accounts/run-targets.js";
import { isRolecallError } from "../../src/index.js";
import { createManualClock, type ManualClock } from "../../src/testing/index.js";

/** How one step of a turn ends. */
interface Ending {
  readonly kind: "returns" | "throws" | "throws at once" | "hangs";
  readonly ms: number;
  readonly heedsSignal: boolean;
  /** Which of {@link THROWN}. */
  readonly thrown: number;
}

interface Credentials extends Ending {
  /** Milliseconds in the queue of STS calls, before the time limit counts. */
  readonly queued: number;
}

interface AccountScene {
  readonly regions: readonly string[];
  /** How listing the regions ends; `undefined` if they are known beforehand. */
  readonly listing: Ending | undefined;
  readonly credentials: Credentials;
  /** One for each of the three regions. */
  readonly work: readonly Ending[];
}

type Leaving = { readonly kind: "break"; readonly after: number } | { readonly kind: "return"; readonly at: number };

/** One run: its plan, its settings, and everything that happens to it. */
export interface RunScene {
  readonly accounts: readonly AccountScene[];
  readonly inactive: number;
  readonly wanted: readonly string[] | undefined;
  readonly concurrency: number;
  readonly regionConcurrency: number;
  readonly timeout: number | undefined;
  readonly tolerance: number | undefined;
  readonly canary: number;
  /** When the caller's signal aborts; 0 is before the start. */
  readonly abortAt: number | undefined;
  readonly leaving: Leaving | undefined;
  readonly collects: boolean;
  /** Milliseconds that the reader takes for each outcome. */
  readonly readerMs: number;
  /** The call in which `onProgress` throws, and which of {@link THROWN}. */
  readonly progressThrows: readonly [call: number, thrown: number] | undefined;
}

export type CreateFanOut = (plan: Plan, steps: Steps<string>, settings: RunSettings) => FanOut<string>;

export const createFanOut: CreateFanOut = (plan, steps, settings) => new RunOutcomes(() => plan, steps, settings);

/** A broken invariant. */
export class Violation extends Error {}

const REGIONS = ["eu-central-1", "us-east-1", "eu-west-1"];
/** A step that hangs in a run without a time limit takes so long instead; otherwise the run could never end. */
const LONG = 400;
const STEP = 1000;
/** So many are enough for everything that ends together with a run. */
const PROMISE_JOBS = 50;
/** No scene takes longer, even with all its steps one after the other. */
const MOST_STEPS = 40;

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const THROWN: readonly unknown[] = [
  new Error("no"),
  undefined,
  null,
  "no",
  revokedProxy(),
  Object.assign(new Error("slow down"), { name: "ThrottlingException", $retryable: {}, $metadata: {} }),
  Object.defineProperty({}, "name", {
    get() {
      throw new Error("no name");
    },
  }),
];

const ending: fc.Arbitrary<Ending> = fc.record({
  kind: fc.oneof(
    { arbitrary: fc.constant("returns" as const), weight: 6 },
    { arbitrary: fc.constantFrom("throws" as const, "throws at once" as const, "hangs" as const), weight: 2 },
  ),
  ms: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 10), // each wait costs the clock many turns of the event loop
  heedsSignal: fc.boolean(),
  thrown: fc.nat(THROWN.length - 1),
});

const account: fc.Arbitrary<AccountScene> = fc.record({
  regions: fc.shuffledSubarray(REGIONS, { minLength: 1 }),
  listing: fc.option(ending, { nil: undefined, freq: 2 }),
  credentials: fc
    .tuple(ending, fc.constantFrom(0, 0, 0, 0, 5))
    .map(([credentials, queued]) => ({ ...credentials, queued })),
  work: fc.array(ending, { minLength: REGIONS.length, maxLength: REGIONS.length }),
});

const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary, weight: 1 });

const scene: fc.Arbitrary<RunScene> = fc.record({
  accounts: fc.array(account, { maxLength: 4 }),
  inactive: fc.nat(2),
  wanted: rarely(fc.subarray(REGIONS, { minLength: 1 })),
  concurrency: fc.integer({ min: 1, max: 3 }),
  regionConcurrency: fc.integer({ min: 1, max: 3 }),
  timeout: fc.option(fc.constantFrom(1, 10, 20), { nil: undefined, freq: 2 }),
  tolerance: rarely(fc.nat(2)),
  canary: fc.constantFrom(0, 0, 1, 2),
  abortAt: rarely(fc.constantFrom(0, 1, 10, 20)),
  leaving: rarely(
    fc.oneof(
      fc.record({ kind: fc.constant("break" as const), after: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant("return" as const), at: fc.constantFrom(0, 1, 5, 25) }),
    ),
  ),
  collects: fc.boolean(),
  readerMs: fc.constantFrom(0, 0, 0, 0, 3, 25),
  progressThrows: rarely(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(THROWN.length - 1))),
});

export interface RunsResult {
  readonly runs: number;
  readonly error?: unknown;
  /** The shortest run that fails, to read and to replay. */
  readonly counterexample?: string;
}

/** Runs random scenes, stops at the first broken invariant and shrinks the scene. */
export async function checkRuns(
  create: CreateFanOut,
  { runs, seed, path }: { runs: number; seed: number; path?: string | undefined },
): Promise<RunsResult> {
  const property = fc.asyncProperty(scene, (each) => playScene(create, each));
  const details = await fc.check(property, { numRuns: runs, seed, ...(path !== undefined && { path }) });
  if (!details.failed) return { runs: details.numRuns };
  const { errorInstance, counterexample, counterexamplePath } = details;
  return {
    runs: details.numRuns,
    error: errorInstance,
    counterexample: `${errorInstance}\n${fc.stringify(counterexample?.[0])}\nseed ${seed}, path "${counterexamplePath}"`,
  };
}

async function playScene(create: CreateFanOut, given: RunScene): Promise<void> {
  const clock = createManualClock();
  const witness = new Witness(given, clock);
  const controller = new AbortController();
  const { abortAt, concurrency, regionConcurrency, timeout, tolerance, canary } = given;
  const abort = () => {
    witness.stop("the signal aborts");
    controller.abort();
  };
  if (abortAt === 0) abort();
  const cancelAbort = abortAt ? clock.schedule(abortAt, abort) : () => {};
  const settings = { concurrency, regionConcurrency, timeout, tolerance, canary, runtime: clock };
  const fanOut = create(planOf(given), witness.steps, {
    ...settings,
    signal: controller.signal,
    onProgress: (progress) => witness.note(progress),
  });

  let isOver = false;
  const read = async () => {
    try {
      await witness.read(fanOut);
    } finally {
      cancelAbort();
      await assertNothingLeft();
    }
  };
  const assertNothingLeft = async () => {
    for (let job = 0; job < PROMISE_JOBS; job++) await undefined;
    // At once: a later look would miss a timer that has fired meanwhile.
    if (clock.pendingTimers !== witness.timers) throw new Violation("a timer is left");
    if (getEventListeners(controller.signal, "abort").length > 0) throw new Violation("a listener is left");
  };
  const reading = read().finally(() => {
    isOver = true;
  });
  reading.catch(() => {}); // it is awaited below
  for (let step = 0; !isOver; step++) {
    if (step === MOST_STEPS) throw new Violation("the run hangs");
    await clock.advance(STEP);
  }
  await reading;
  witness.stop("the run ends");
  if (witness.timers > 0) await clock.advance(STEP);
  witness.check(fanOut.progress);
}

const idOf = (index: number) => `${100_000_000_000 + index}`;
const numberOf = (id: string) => Number(id) - 100_000_000_000;

function planOf({ accounts, inactive, wanted }: RunScene): Plan {
  const planned = (index: number, known: readonly string[] | undefined): PlannedAccount => ({
    id: idOf(index),
    name: undefined,
    roleArn: `arn:aws:iam::${idOf(index)}:role/Audit`,
    externalId: undefined,
    regions: { known, wanted },
  });
  return {
    accounts: accounts.map(({ regions, listing }, index) => planned(index, listing ? undefined : regions)),
    inactive: Array.from({ length: inactive }, (_, index) => ({
      account: planned(accounts.length + index, undefined),
      state: "SUSPENDED",
    })),
  };
}

/** Plays the steps of a run, reads its outcomes, and remembers what it sees of both. */
class Witness {
  readonly steps: Steps<string>;
  /** The sleeps of steps that ignore their signal: they outlive their turn. */
  timers = 0;
  readonly #scene: RunScene;
  readonly #clock: ManualClock;
  readonly #outcomes: Outcome<string>[] = [];
  readonly #turns = new Map<string, Set<Turn>>();
  readonly #worked = new Map<string, number>();
  readonly #violations: string[] = [];
  #stopped: string | undefined;
  #ended = 0;
  #failed = 0;
  #isPastCanary = false;
  #hasLeft = false;
  #thrown: { readonly error: unknown } | undefined;
  #told: { readonly error: unknown } | undefined;

  constructor(given: RunScene, clock: ManualClock) {
    this.#scene = given;
    this.#clock = clock;
    this.steps = {
      credentials: (turn) => this.#getCredentials(turn),
      regions: (turn) => this.#listRegions(turn),
      work: (turn, region) => this.#work(turn, region),
    };
  }

  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  async read(fanOut: FanOut<string>): Promise<void> {
    const { leaving, collects, readerMs } = this.#scene;
    try {
      if (!leaving && collects) return await this.#collect(fanOut);
      if (leaving?.kind === "return") return await this.#readUntil(fanOut, leaving.at);
      for await (const outcome of fanOut) {
        this.#outcomes.push(outcome);
        if (this.#outcomes.length === leaving?.after) {
          this.#leave();
          break;
        }
        if (readerMs > 0) await this.#clock.sleep(readerMs);
      }
    } catch (error) {
      this.#told = { error };
    }
  }

  note({ planned, running, done, failed, skipped }: RunProgress): void {
    const { tolerance, canary, concurrency, regionConcurrency, progressThrows } = this.#scene;
    this.#ended++;
    if (failed > this.#failed) {
      const allowed = tolerance ?? (canary > 0 && !this.#isPastCanary ? 0 : Number.POSITIVE_INFINITY);
      if (failed > allowed) this.stop("too many targets failed");
    }
    this.#failed = failed;
    const most = concurrency * regionConcurrency;
    if (running > most) this.#violations.push(`${running} targets run at a time`);
    if (done + failed + skipped > planned) this.#violations.push("more targets end than are planned");
    const isBuffered = this.#scene.leaving !== undefined || !this.#scene.collects;
    const buffered = this.#ended - this.#outcomes.length;
    if (isBuffered && !this.#hasLeft && !this.#thrown && buffered > 2 * most) {
      this.#violations.push(`${buffered} outcomes are buffered`);
    }
    if (progressThrows?.[0] !== this.#ended) return;
    this.#thrown = { error: THROWN[progressThrows[1]] };
    this.stop("onProgress throws");
    throw this.#thrown.error;
  }

  /** @param progress the run's, after its end */
  check(progress: RunProgress): void {
    const [first] = this.#violations;
    if (first !== undefined) throw new Violation(first);
    if (this.#told && !(this.#thrown && Object.is(this.#told.error, this.#thrown.error))) {
      throw new Violation(`the reader gets the error ${describe(this.#told.error)}`);
    }
    this.#checkOnce();
    for (const outcome of this.#outcomes) this.#checkTruth(outcome);
    if (this.#thrown) {
      if (!this.#hasLeft && !this.#told) throw new Violation("an error of onProgress is lost");
      return;
    }
    const { planned, running, done, failed, skipped } = progress;
    if (running !== 0) throw new Violation(`${running} targets still run at the end`);
    if (planned !== done + failed + skipped) throw new Violation("planned targets have not ended");
    if (this.#hasLeft) return;
    this.#checkComplete();
    const counts = ["done", "failed", "skipped"].map(
      (status) => this.#outcomes.filter((outcome) => outcome.status === status).length,
    );
    if (`${counts}` !== `${[done, failed, skipped]}`) throw new Violation("the progress differs from the outcomes");
  }

  async #collect(fanOut: FanOut<string>): Promise<void> {
    const { done, failures, skipped, byAccount } = await fanOut.collect().then((result) => ({
      done: result.done,
      failures: result.failures,
      skipped: result.skipped,
      byAccount: [...result.byAccount()],
    }));
    this.#outcomes.push(...done, ...failures, ...skipped);
    const accounts = byAccount.map(([id]) => id);
    if (`${accounts}` !== `${[...accounts].sort()}`) this.#violations.push("collect() is not in the order of the plan");
    for (const [, outcomes] of byAccount) {
      const { regions } = this.#scene.accounts[numberOf(outcomes[0]?.accountId ?? "")] ?? { regions: [] };
      const order = outcomes.map(({ region = "" }) => (this.#scene.wanted ?? regions).indexOf(region));
      if (`${order}` !== `${[...order].sort()}`) this.#violations.push("collect() is not in the order of the regions");
    }
  }

  /** Leaves at a point in time, whether or not an outcome is waited for. */
  async #readUntil(fanOut: FanOut<string>, at: number): Promise<void> {
    const iterator = fanOut[Symbol.asyncIterator]();
    const left = (async () => {
      await this.#clock.sleep(at);
      this.#leave();
      await iterator.return?.();
    })();
    try {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) this.#outcomes.push(next.value);
    } finally {
      await left;
    }
  }

  #leave(): void {
    this.#hasLeft = true;
    this.stop("the reader leaves");
  }

  async #getCredentials(turn: Turn): Promise<void> {
    this.#startTurn(turn);
    const { credentials } = this.#sceneOf(turn);
    try {
      await this.#sleep(credentials.queued, credentials.heedsSignal ? turn.signal : undefined);
      turn.begin();
      await this.#perform(turn, credentials);
    } catch (error) {
      this.#endTurn(turn);
      throw error;
    }
  }

  #listRegions(turn: Turn): Promise<readonly string[]> {
    this.#assertMayStart(turn, "a list of regions");
    const { listing, regions } = this.#sceneOf(turn);
    return this.#last(turn, listing as Ending, regions);
  }

  #work(turn: Turn, region: string): Promise<string> {
    this.#assertMayStart(turn, "work");
    turn.begin();
    const place = `${turn.account.id} ${region}`;
    this.#worked.set(place, (this.#worked.get(place) ?? 0) + 1);
    return this.#last(turn, this.#sceneOf(turn).work[REGIONS.indexOf(region)] as Ending, place);
  }

  /** The last step of a turn. */
  #last<R>(turn: Turn, how: Ending, value: R): Promise<R> {
    if (how.kind === "throws at once") {
      this.#endTurn(turn);
      throw THROWN[how.thrown];
    }
    return this.#perform(turn, how)
      .then(() => value)
      .finally(() => this.#endTurn(turn));
  }

  async #perform({ signal }: Turn, { kind, ms, heedsSignal, thrown }: Ending): Promise<void> {
    const heeded = heedsSignal ? signal : undefined;
    if (kind === "hangs" && this.#scene.timeout !== undefined) {
      await new Promise((_, reject) => heeded?.addEventListener("abort", () => reject(heeded.reason)));
    }
    await this.#sleep(kind === "hangs" ? LONG : ms, heeded);
    if (kind === "throws" || kind === "throws at once") throw THROWN[thrown];
  }

  async #sleep(ms: number, heeded: AbortSignal | undefined): Promise<void> {
    if (ms === 0) return;
    if (heeded) return this.#clock.sleep(ms, heeded);
    this.timers++;
    await this.#clock.sleep(ms);
    this.timers--;
  }

  #startTurn(turn: Turn): void {
    if (this.#stopped !== undefined) this.#violations.push(`a turn starts although ${this.#stopped}`);
    const { canary, concurrency, regionConcurrency } = this.#scene;
    const { id } = turn.account;
    const isCanary = numberOf(id) < canary;
    if (!isCanary) this.#isPastCanary = true;
    else if (this.#isPastCanary) this.#violations.push("a canary runs beside the others");
    const own = this.#turns.get(id) ?? new Set();
    this.#turns.set(id, own.add(turn));
    turn.signal.addEventListener("abort", () => this.#endTurn(turn));
    if (own.size > (isCanary ? 1 : regionConcurrency)) this.#violations.push(`${own.size} regions of an account run`);
    if (this.#turns.size > (isCanary ? 1 : concurrency)) this.#violations.push(`${this.#turns.size} accounts run`);
  }

  #endTurn(turn: Turn): void {
    const own = this.#turns.get(turn.account.id);
    own?.delete(turn);
    if (own?.size === 0) this.#turns.delete(turn.account.id);
  }

  #assertMayStart({ signal }: Turn, what: string): void {
    if (signal.aborted) this.#violations.push(`${what} starts after its turn is over`);
  }

  #checkOnce(): void {
    const places = this.#outcomes.map(({ accountId, region = "" }) => `${accountId} ${region}`);
    const twice = places.find((place, index) => places.indexOf(place) !== index);
    if (twice !== undefined) throw new Violation(`${twice} has two outcomes`);
    const repeated = [...this.#worked].find(([, times]) => times > 1);
    if (repeated) throw new Violation(`${repeated[0]} is worked in twice`);
  }

  #checkComplete(): void {
    const { accounts, inactive, wanted } = this.#scene;
    const placesOf = (index: number) =>
      this.#outcomes.filter(({ accountId }) => accountId === idOf(index)).map(({ region }) => region ?? "");
    for (const [index, { regions, listing }] of accounts.entries()) {
      const found = placesOf(index).sort();
      const expected = [...(wanted ?? regions)].sort();
      const isWhole = listing !== undefined && `${found}` === "" && found.length === 1;
      if (!isWhole && `${found}` !== `${expected}`) throw new Violation(`${idOf(index)} has outcomes for [${found}]`);
    }
    for (let index = 0; index < inactive; index++) {
      const { length } = placesOf(accounts.length + index);
      if (length !== 1) throw new Violation(`an inactive account has ${length} outcomes`);
    }
    const isKnown = ({ accountId }: Outcome<string>) => numberOf(accountId) < accounts.length + inactive;
    if (!this.#outcomes.every(isKnown)) throw new Violation("an account is not in the plan");
  }

  /** Whether the account's credentials took too long for an earlier region, so that this one did not ask for them. */
  #sharesTimeout({ accountId, error, milliseconds }: Failed): boolean {
    const isSource = (other: Outcome<string>) =>
      other.accountId === accountId && other.status === "failed" && other.milliseconds === this.#scene.timeout;
    return (
      milliseconds === 0 && this.#outcomes.some((other) => isSource(other) && Object.is((other as Failed).error, error))
    );
  }

  /** Whether an outcome is what happened. */
  #checkTruth(outcome: Outcome<string>): void {
    const place = `${outcome.accountId} ${outcome.region ?? ""}`;
    const told = `${place} is ${outcome.status}`;
    const { abortAt, timeout, tolerance = Number.POSITIVE_INFINITY, canary, wanted, inactive } = this.#scene;
    const scene = this.#scene.accounts[numberOf(outcome.accountId)];
    const isAborted = abortAt !== undefined || this.#hasLeft || this.#thrown !== undefined;
    const isTrue = (() => {
      switch (outcome.status) {
        case "done":
          return this.#worked.has(place) && outcome.value === place;
        case "failed": {
          const { error, code, milliseconds } = outcome;
          if (!isRolecallError(error)) return THROWN.some((thrown) => Object.is(thrown, error));
          if (code === "TIMEOUT") return milliseconds === timeout || this.#sharesTimeout(outcome);
          return code === "ABORTED" && isAborted;
        }
        case "skipped": {
          if (this.#worked.has(place) || outcome.milliseconds !== 0) return false;
          if (outcome.reason === "ABORTED") return isAborted;
          if (outcome.reason === "TOLERANCE_EXCEEDED") return this.#failed > tolerance;
          if (outcome.reason === "CANARY_FAILED") return canary > 0 && this.#failed > 0;
          if (outcome.reason === "ACCOUNT_NOT_ACTIVE") return !scene && inactive > 0;
          return wanted !== undefined && !scene?.regions.includes(outcome.region ?? "");
        }
      }
    })();
    const code =
      outcome.status === "done" ? outcome.value : outcome.status === "failed" ? outcome.code : outcome.reason;
    if (!isTrue) throw new Violation(`${told} (${code}), which is not what happened`);
  }

  #sceneOf({ account: { id } }: Turn): AccountScene {
    return this.#scene.accounts[numberOf(id)] as AccountScene;
  }
}

function describe(error: unknown): string {
  try {
    return `${(error as Error)?.stack ?? error}`;
  } catch {
    return "that cannot be read";
  }
}
