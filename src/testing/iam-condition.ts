import { findConditionKey } from "./condition-keys.js";
import { findOperator, type NamedOperator } from "./iam-operators.js";
import { listVariables, type PolicyText, type PolicyVersion, readPolicyText, toLiteral } from "./iam-pattern.js";
import type { RequestContext } from "./request-context.js";

export type Condition = (context: RequestContext) => boolean;

const SETS = /^(ForAllValues|ForAnyValue):/;
const IF_EXISTS = /IfExists$/;

/**
 * Reads the conditions of a statement, all of which must hold.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 * @throws TypeError for an unsupported operator, key or value
 */
export function readCondition(
  path: string,
  condition: Record<string, Record<string, readonly string[]>>,
  version?: PolicyVersion,
): Condition {
  const parts = Object.entries(condition).flatMap(([name, keys]) => {
    const test = readTest(`${path}.${name}`, name);
    return Object.entries(keys).map(([key, values]) => readPart(`${path}.${name}`, test, key, values, version));
  });
  return (context) => parts.every((part) => part(context));
}

/** An operator with its prefix and suffix. */
interface Test extends NamedOperator {
  readonly set: string | undefined;
  readonly mayBeAbsent: boolean;
}

function readTest(path: string, name: string): Test | "Null" {
  if (name === "Null") return name;
  const operator = findOperator(name.replace(SETS, "").replace(IF_EXISTS, ""));
  if (operator === undefined) throw new TypeError(`${path} is an operator that the local AWS does not support`);
  return { ...operator, set: SETS.exec(name)?.[1], mayBeAbsent: IF_EXISTS.test(name) };
}

function readPart(
  path: string,
  test: Test | "Null",
  key: string,
  values: readonly string[],
  version: PolicyVersion | undefined,
): Condition {
  const known = findConditionKey(key);
  if (known === undefined) throw new TypeError(`${path} tests ${key}, which the local AWS does not support`);
  const contextKey = key.toLowerCase();
  if (test === "Null") return readNull(`${path}.${key}`, contextKey, values);

  const { isNegated, set, mayBeAbsent } = test;
  if (known.isMultivalued && !set) {
    throw new TypeError(
      `${path} tests ${key}, which can have several values. Add the prefix ForAllValues: or ForAnyValue:`,
    );
  }
  const comparisons = values.map((value) => {
    const text = readText(`${path}.${key}`, value, version, test.takesVariables);
    const comparison = test.read(text, toLiteral(text) ?? "");
    if (comparison) return comparison;
    throw new TypeError(`${path}.${key} has ${JSON.stringify(value)}, which is not a valid value for that operator`);
  });
  return (context) => {
    const received = context.get(contextKey);
    const holds = (value: string) => comparisons.some((compare) => compare(value, context)) !== isNegated;
    if (received === undefined && mayBeAbsent) return true;
    if (set === "ForAllValues") return (received ?? []).every(holds);
    if (set === "ForAnyValue") return (received ?? []).some(holds);
    return received === undefined ? isNegated : received.every(holds);
  };
}

/** @throws TypeError for a policy variable that is unknown or not allowed in this operator */
function readText(
  path: string,
  value: string,
  version: PolicyVersion | undefined,
  takesVariables: boolean,
): PolicyText {
  const text = readPolicyText(value, version);
  if (text === undefined || !areKnown(text)) {
    throw new TypeError(`${path} has a policy variable that the local AWS does not support: ${value}`);
  }
  if (takesVariables || listVariables(text).length === 0) return text;
  throw new TypeError(`${path} has a policy variable, which IAM supports only in String and Arn operators: ${value}`);
}

/** Whether every variable in the text names a known, single-valued key. */
export function areKnown(text: PolicyText): boolean {
  return listVariables(text).every(({ key }) => findConditionKey(key)?.isMultivalued === false);
}

function readNull(path: string, name: string, values: readonly string[]): Condition {
  const [value, ...others] = values;
  if ((value !== "true" && value !== "false") || others.length > 0) {
    throw new TypeError(`${path} must be "true" or "false"`);
  }
  return (context) => context.has(name) === (value === "false");
}
