import fc from "fast-check";
import { HOSTILITIES, type Hostility, isWithin } from "./hostility.js";
import type { FuzzCase } from "./observe.js";
import { anyPollution } from "./pollution.js";
import type { Target } from "./target.js";
import type { Worker } from "./worker.js";

export interface FuzzOptions {
  readonly seed: number;
  /** A case from an earlier run to try first. */
  readonly example?: FuzzCase | undefined;
  /** The first limit that is reached ends the run. */
  readonly runs?: number;
  readonly milliseconds?: number;
  /** Default: all of them. */
  readonly hostilities?: readonly Hostility[];
  /** Whether a counterexample is shrunk. Default `true`. */
  readonly shrink?: boolean;
}

export interface FuzzReport {
  /** Entry, seed, runs, and the count of each outcome. */
  readonly line: string;
  /** The smallest counterexample, what is wrong with it, and how to replay it. */
  readonly violation: string | undefined;
}

const ENDLESS = 1_000_000_000;
/** Milliseconds for shrinking a counterexample. */
const SHRINKS_FOR = 60_000;

/** Calls one entry with random arguments until the time is over or a check fails. */
export async function fuzz(worker: Worker, target: Target, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, example, runs = ENDLESS, milliseconds, shrink = true } = options;
  const hostilities = (options.hostilities ?? HOSTILITIES).filter(
    (hostility) => target.hostilities?.includes(hostility) ?? true,
  );
  const outcomes = new Map<string, number>();
  let count = 0;
  /** The current call: a run that ends by time does not wait for it. */
  let latest: Promise<Finding> | undefined;

  const attempt = async (given: FuzzCase, isRepeat = false): Promise<Finding> => {
    const { outcome, problems } = await worker.ask({ entry: target.name, ...given });
    count++;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    // On a busy machine a call can exceed its time. A call that really hangs does so again.
    return outcome === "hung" && !isRepeat ? attempt(given, true) : { given, problems };
  };
  const anyCase = fc
    .record({ args: target.input, pollution: hostilities.includes("prototype") ? anyPollution : fc.constant([]) })
    .filter((given) => isWithin(hostilities, given));
  const property = fc.asyncProperty(anyCase, async (given) => {
    latest = attempt(given);
    return (await latest).problems.length === 0;
  });
  const check = (more: fc.Parameters<[FuzzCase]>) => fc.check(property, { seed, numRuns: runs, ...more });
  const within = (ms: number | undefined) => (ms === undefined ? {} : { interruptAfterTimeLimit: ms });

  await worker.ready(); // not part of the run's time
  const found = await check({ examples: example ? [[example]] : [], endOnFailure: true, ...within(milliseconds) });
  const last = await latest;
  const line = `${target.name}: seed ${seed}, ${count} runs, ${toText(outcomes)}`;
  if (!last || last.problems.length === 0) return { line, violation: undefined };

  const start = found.counterexamplePath;
  const shrunk = start === null || !shrink ? undefined : await check({ path: start, ...within(SHRINKS_FOR) });
  await latest;
  const [given] = shrunk?.counterexample ?? [];
  const again = given && (await worker.ask({ entry: target.name, ...given }));
  const finding = again && again.problems.length > 0 ? { given, ...again } : last;
  return { line, violation: toViolation(target.name, finding) };
}

interface Finding {
  readonly given: FuzzCase;
  readonly problems: readonly string[];
}

function toViolation(name: string, { given, problems }: Finding): string {
  const replay = `ROLECALL_FUZZ_ENTRY="${name}" ROLECALL_FUZZ_CASE='${toShellText(given)}' npm run fuzz`;
  return [`${name} broke a promise:`, ...problems, `Replay: ${replay}`].join("\n");
}

/** JSON in visible ASCII, to be copied between single quotes. */
function toShellText(given: FuzzCase): string {
  const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(given).replace(/[^ -~]|'/g, toEscape);
}

function toText(outcomes: ReadonlyMap<string, number>): string {
  return [...outcomes]
    .sort(([, one], [, other]) => other - one)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(", ");
}
