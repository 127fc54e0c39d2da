import { hasVariable, matchesResource, matchesText, toLiteral } from "./iam-pattern.js";

/** What a request tells of itself: condition key in lower case to its values. A key without a value is absent. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;
export type Condition = (context: RequestContext) => boolean;

/** The keys with several values, and those with one; `aws:RequestTag/<key>` beside them. */
const MULTIVALUED = ["aws:tagkeys", "sts:transitivetagkeys"];
const SINGLE = [
  "sts:externalid",
  "sts:sourceidentity",
  "sts:rolesessionname",
  "aws:principalarn",
  "aws:principalaccount",
];
const REQUEST_TAG = "aws:requesttag/";

const COMPARISONS: Record<string, (pattern: string, value: string) => boolean> = {
  StringEquals: (pattern, value) => toLiteral(pattern) === value,
  StringEqualsIgnoreCase: (pattern, value) => toLiteral(pattern).toLowerCase() === value.toLowerCase(),
  StringLike: matchesText,
  ArnEquals: matchesResource,
  ArnLike: matchesResource,
};

const OPERATOR = /^(?:(ForAllValues|ForAnyValue):)?(String|Arn)(Not)?(Equals|EqualsIgnoreCase|Like)(IfExists)?$/;

/**
 * The conditions of a statement; all of them have to hold.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * @throws TypeError for an operator, a key or a value that is not evaluated here
 */
export function readCondition(path: string, condition: Record<string, Record<string, readonly string[]>>): Condition {
  const parts = Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => readPart(`${path}.${operator}`, operator, key, values)),
  );
  return (context) => parts.every((part) => part(context));
}

function readPart(path: string, operator: string, key: string, values: readonly string[]): Condition {
  const name = key.toLowerCase();
  const isMultivalued = MULTIVALUED.includes(name);
  if (!isMultivalued && !SINGLE.includes(name) && !(name.startsWith(REQUEST_TAG) && name.length > REQUEST_TAG.length)) {
    throw new TypeError(`${path} tests ${key}, which the local AWS does not know`);
  }
  const variable = values.find(hasVariable);
  if (variable !== undefined) {
    throw new TypeError(`${path}.${key} has a policy variable, which the local AWS does not know: ${variable}`);
  }
  if (operator === "Null") return readNull(`${path}.${key}`, name, values);

  const [, set, type, not, comparison, ifExists] = OPERATOR.exec(operator) ?? [];
  const compare = COMPARISONS[`${type}${comparison}`];
  if (!compare || (set && ifExists)) throw new TypeError(`${path} is an operator that the local AWS does not evaluate`);
  if (isMultivalued && !set) {
    throw new TypeError(`${path} tests ${key}, which has several values: put ForAllValues: or ForAnyValue: before it`);
  }
  const holds = (value: string) => values.some((pattern) => compare(pattern, value)) === (not === undefined);
  return (context) => {
    const received = context.get(name);
    if (set === "ForAllValues") return (received ?? []).every(holds);
    if (set === "ForAnyValue") return (received ?? []).some(holds);
    return received === undefined ? not !== undefined || ifExists !== undefined : received.every(holds);
  };
}

function readNull(path: string, name: string, values: readonly string[]): Condition {
  const [value, ...others] = values;
  if ((value !== "true" && value !== "false") || others.length > 0) {
    throw new TypeError(`${path} must be "true" or "false"`);
  }
  return (context) => context.has(name) === (value === "false");
}
