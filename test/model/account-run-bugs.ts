import { RunOutcomes } from "../../src/accounts/fan-out.js";
import type { Outcome } from "../../src/accounts/outcome.js";
import type { RunSettings } from "../../src/accounts/run-targets.js";
import { type CreateFanOut, createFanOut } from "./account-runs.js";

/** A plausible mistake in what a run does with its outcomes. */
class WithOutcomes extends RunOutcomes<string> {
  readonly #change: (outcome: Outcome<string>, msSinceLast: number) => readonly Outcome<string>[];
  readonly #settings: RunSettings;

  constructor(
    given: Parameters<CreateFanOut>,
    change: (outcome: Outcome<string>, msSinceLast: number) => readonly Outcome<string>[],
  ) {
    const [plan, steps, settings] = given;
    super(() => plan, steps, settings);
    this.#change = change;
    this.#settings = settings;
  }

  override [Symbol.asyncIterator](): AsyncGenerator<Outcome<string>, undefined> {
    const outcomes = super[Symbol.asyncIterator]();
    const changed = this.#changeAll(outcomes);
    const end = changed.return.bind(changed);
    return Object.assign(changed, {
      return: async (value: undefined) => {
        await outcomes.return(undefined);
        return end(value);
      },
    });
  }

  async *#changeAll(outcomes: AsyncIterable<Outcome<string>>): AsyncGenerator<Outcome<string>, undefined> {
    const { runtime } = this.#settings;
    let last = runtime.monotonic();
    for await (const outcome of outcomes) {
      yield* this.#change(outcome, runtime.monotonic() - last);
      last = runtime.monotonic();
    }
  }
}

const inSettings =
  (change: (settings: RunSettings) => Partial<RunSettings>): CreateFanOut =>
  (plan, steps, settings) =>
    createFanOut(plan, steps, { ...settings, ...change(settings) });

/** Mistakes, and a part of the message of what finds each. */
export const RUN_BUGS: Readonly<Record<string, { readonly create: CreateFanOut; readonly found: RegExp }>> = {
  "an outcome is dropped when the reader is slow": {
    create: (...given) => new WithOutcomes(given, (outcome, ms) => (ms >= 3 ? [] : [outcome])),
    found: /has outcomes for|inactive account has 0|differs from the outcomes/,
  },
  "a target is reported twice after its timeout": {
    create: (...given) =>
      new WithOutcomes(given, (outcome) =>
        outcome.status === "failed" && outcome.code === "TIMEOUT" ? [outcome, outcome] : [outcome],
      ),
    found: /has two outcomes/,
  },
  "the timer of a time limit is left": {
    create: inSettings(({ runtime }) => ({ runtime: { ...runtime, sleep: (ms) => runtime.sleep(ms) } })),
    found: /a timer is left/,
  },
  "one account more than the limit is at work": {
    create: inSettings(({ concurrency }) => ({ concurrency: concurrency + 1 })),
    found: /accounts run|targets run at a time/,
  },
  "a failed canary stops nothing": {
    create: inSettings(({ tolerance }) => ({ tolerance: tolerance ?? Number.MAX_SAFE_INTEGER })),
    found: /although too many targets failed/,
  },
  "the signal is not listened to": {
    create: inSettings(() => ({ signal: undefined })),
    found: /although the signal aborts/,
  },
};
