import type { Lab } from "./lab.js";
import { materialize } from "./materialize.js";
import { countConnections } from "./network-guard.js";
import { briefly, fingerprint, isA, judgeError, judgeText, REFUSALS, show } from "./oracles.js";
import { type Pollution, underPollution } from "./pollution.js";
import type { Recipe } from "./recipe.js";
import type { Target } from "./target.js";

/** One call as a recipe, which is the same in every process. */
export interface FuzzCase {
  readonly args: Recipe;
  readonly pollution: readonly Pollution[];
}

export interface Verdict {
  /** The outcome to count: `ok` or the error's code. */
  readonly outcome: string;
  readonly problems: readonly string[];
}

/** Milliseconds for a call whose own deadlines end after one second. */
const SETTLES_WITHIN = 6000;

type Result =
  | { readonly kind: "ok"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "hung" };

interface Observation extends Verdict {
  /** Equal for two calls with the same outcome. */
  readonly mark: string;
}

/** Uncaught errors, which would end a user's process. The process's own listeners fill this array. */
export const strays: unknown[] = [];

/** An accessor that returns changing values: how often it is read does not matter. */
const CHANGES = /"as":"changes"|"does":"forwards"/;
/** Which of two faults is reported first can differ. */
const REFUSED = /^(INVALID_REQUEST|ROLE_NOT_ALLOWED) /;
/**
 * The SDK's own loops over an object's keys also visit inherited values of `Object.prototype`. One of them writes every
 * inherited value into the `user-agent` header, and Node rejects a header with the line feeds of a function's source
 * text. The call then fails as if STS could not be reached: with that error code, or with that message on the command
 * line.
 */
const FAILED_IN_THE_SDK = /^(STS_UNAVAILABLE |ok object \{ code: 1, errors: ).* failed: \w*Error\./s;

/** Makes the call twice, the second time with a polluted `Object.prototype`. The outcome must be the same. */
export async function judgeCase(lab: Lab, target: Target, { args, pollution }: FuzzCase): Promise<Verdict> {
  const clean = await observeUnhurried(lab, target, args, []);
  if (pollution.length === 0 || clean.problems.length > 0) return clean;
  const polluted = await observeUnhurried(lab, target, args, pollution);
  const names = pollution.map(({ name }) => `Object.prototype.${name}`).join(", ");
  const problems = polluted.problems.map((problem) => `with ${names}: ${problem}`);
  const isSame =
    polluted.mark === clean.mark ||
    CHANGES.test(JSON.stringify(args)) ||
    [polluted.mark, clean.mark].every((mark) => REFUSED.test(mark)) ||
    FAILED_IN_THE_SDK.test(polluted.mark);
  if (!isSame) problems.push(`with ${names}:\n  ${polluted.mark}\nwithout:\n  ${clean.mark}`);
  return { outcome: clean.outcome, problems };
}

/**
 * Repeats a call that reaches its deadline: the lab's deadlines are a tenth of the real ones, which is too short for a
 * busy machine.
 */
async function observeUnhurried(...call: Parameters<typeof observe>): Promise<Observation> {
  let observation = await observe(...call);
  for (let more = 2; more > 0 && observation.outcome === "TIMEOUT"; more--) observation = await observe(...call);
  return observation;
}

async function observe(
  lab: Lab,
  target: Target,
  recipe: Recipe,
  pollution: readonly Pollution[],
): Promise<Observation> {
  await lab.clear();
  strays.length = 0;
  const args = materialize(recipe, lab.things) as unknown[];
  const made = new Map(pollution.map(({ name, value }) => [name, materialize(value, lab.things)]));
  const call = countConnections(() => settle(() => underPollution(made, () => target.attempt(lab, args))));
  const result = await call.result;
  // Lets pending work of the call run.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  const secrets = lab.aws.secrets().slice(-30);
  const again = () => materialize(recipe, lab.things) as unknown[];
  const problems = [
    ...judgeResult(target, lab, result, again, secrets),
    ...(isRefusal(result) && call.count() > 0 ? [`${call.count()} connections before the refusal`] : []),
    ...strays.map((stray) => `an error that nobody handles: ${briefly(stray)}`),
    ...(lab.events.length > 0 ? judgeText("an event", show(lab.events), secrets) : []),
  ];
  return { outcome: outcomeOf(result), problems, mark: `${markOf(result)} ${assumptionsOf(lab)}` };
}

async function settle(call: () => { result: unknown; undo(): void }): Promise<Result> {
  try {
    const { result, undo } = call();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Result>((resolve) => {
      timer = setTimeout(() => resolve({ kind: "hung" }), SETTLES_WITHIN);
    });
    try {
      return await Promise.race([late, (async (): Promise<Result> => ({ kind: "ok", value: await result }))()]);
    } finally {
      undo();
      clearTimeout(timer);
    }
  } catch (error) {
    return { kind: "error", error };
  }
}

function judgeResult(target: Target, lab: Lab, result: Result, args: () => unknown[], secrets: readonly string[]) {
  if (result.kind === "hung") return [`no answer within ${SETTLES_WITHIN} ms`];
  if (result.kind === "error") return judgeError(result.error, secrets, target.mayThrow);
  return target.judge?.(lab, args(), result.value) ?? [];
}

function isRefusal(result: Result): boolean {
  return result.kind === "error" && REFUSALS.includes(outcomeOf(result));
}

function outcomeOf(result: Result): string {
  if (result.kind !== "error") return result.kind;
  try {
    const { code, name } = result.error as { code?: unknown; name?: unknown };
    return String(code ?? name);
  } catch {
    return "unreadable";
  }
}

function markOf(result: Result): string {
  if (result.kind === "ok") return `ok ${fingerprint(result.value)}`;
  if (result.kind === "hung") return "hung";
  return `${outcomeOf(result)} ${isA(Error, result.error) ? result.error.message : ""}`;
}

/** The distinct sessions that STS was called for: the number of repeats of a call can differ. */
function assumptionsOf({ aws }: Lab): string {
  const asked = aws.requests
    .filter(({ operation }) => operation === "AssumeRole")
    .map(({ parameters }) => JSON.stringify(parameters));
  return [...new Set(asked)].sort().join(" ");
}
