import { isRolecallError } from "../errors.js";
import { canonicalJson } from "./canonical.js";
import { MAX_POLICY_ARNS, MAX_POLICY_CHARACTERS } from "./limits.js";
import type { SettingsTable } from "./settings-table.js";
import {
  conflict,
  invalid,
  invalidText,
  isGiven,
  isOfObjects,
  itemsOf,
  lengthOf,
  pathOf,
  readLimit,
  readList,
  refuseUnreadable,
  toUnicodeEscapes,
} from "./validation.js";

const POLICY_ARN = /^arn:aws(-[a-z0-9]+)*:iam::(aws|\d{12}):policy\/[!-9;-~]+$/;
/** More than the limit, because the text may contain white space, which is not sent. */
const MAX_TEXT_CHARACTERS = 8 * MAX_POLICY_CHARACTERS;
/** Far deeper than any real policy, and shallow enough for any stack. */
const MAX_LEVELS = 64;
const POLICY_ALLOWED = `a JSON object, or its text, of at most ${MAX_POLICY_CHARACTERS} characters`;

/** The settings for session policies. They restrict the role's permissions and never add to them. */
export const SESSION_POLICIES = { policy: readPolicy, policyArns: readPolicyArns } satisfies SettingsTable;

function readPolicy(field: string, given: unknown): string | undefined {
  const value = readLimit(field, given);
  if (!isGiven(value)) return undefined;
  const parsed = typeof value === "string" ? parsePolicy(field, value) : value;
  if (typeof parsed !== "object" || parsed === null || lengthOf(parsed) !== undefined) {
    throw invalid(field, value, POLICY_ALLOWED);
  }
  const copy = copyPolicy(field, parsed);
  if (typeof value === "string" && countKeysInText(value) !== countKeys(copy)) {
    throw conflict(field, "has the same key twice in one object", "Write each key once: JSON keeps only the last.");
  }
  if (!Object.hasOwn(copy as object, "Statement")) {
    const hint = 'Use the format of IAM policies: { "Version": ..., "Statement": [...] }.';
    throw conflict(field, "has no Statement", hint);
  }
  const policy = escapeNonLatin(canonicalJson(copy));
  if (policy.length > MAX_POLICY_CHARACTERS) throw tooLong(field, policy.length);
  return policy;
}

/** STS rejects characters above U+00FF in a policy; escaped, they mean the same. */
export function escapeNonLatin(json: string): string {
  return json.replace(/[\u0100-\uffff]/g, toUnicodeEscapes);
}

function tooLong(field: string, length: number): Error {
  return conflict(
    field,
    `has ${length} characters`,
    `Allowed: ${POLICY_ALLOWED}. Move statements to a managed policy, and add it to policyArns.`,
  );
}

function parsePolicy(field: string, text: string): unknown {
  if (text.length > MAX_TEXT_CHARACTERS) throw tooLong(field, text.length);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** In valid JSON, every string before a colon is a key. */
function countKeysInText(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:?)/g)].filter(([, colon]) => colon === ":").length;
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, item) => sum + countKeys(item), own);
}

/**
 * Reads each value once, so that it checks the same value that it sends. Rejects what JSON would drop or round, because
 * that could lift a restriction.
 */
function copyPolicy(field: string, policy: object): unknown {
  let valuesLeft = MAX_POLICY_CHARACTERS;
  const fail = (what: string) => conflict(field, `contains ${what}`, `Allowed: ${POLICY_ALLOWED}.`);
  const copy = (path: string, value: unknown, levelsLeft: number): unknown => {
    if (value === undefined) {
      throw conflict(
        path,
        "is undefined",
        "Set a value, or leave the key out: JSON drops undefined values, which could lift a restriction.",
      );
    }
    if (typeof value === "number") {
      if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return value;
      throw fail("a number that JSON cannot represent exactly: write it as a string");
    }
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value !== "object") throw fail(`a ${typeof value}`);
    const length = lengthOf(value);
    const size = length ?? Object.keys(value).length;
    valuesLeft -= size;
    if (valuesLeft < 0 || levelsLeft === 0) throw fail("too many values or levels, or a circular reference");
    if (length !== undefined) {
      const items = itemsOf(field, value as unknown[], length);
      const copied = items.map((item, index) => copy(`${path}[${index}]`, item, levelsLeft - 1));
      if (Object.keys(value).length !== size) throw fail("an array with named properties");
      return copied;
    }
    if (!isOfObjects(Object.getPrototypeOf(value)) || Reflect.ownKeys(value).length !== size)
      throw fail("an object that is not plain JSON");
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, copy(pathOf(path, key), item, levelsLeft - 1)]),
    );
  };
  try {
    return copy(field, policy, MAX_LEVELS);
  } catch (error) {
    if (isRolecallError(error)) throw error;
    return refuseUnreadable(field);
  }
}

function readPolicyArns(field: string, given: unknown): readonly string[] | undefined {
  const value = readLimit(field, given);
  const allowed = `1 to ${MAX_POLICY_ARNS} different policy ARNs; for no restriction, leave it out`;
  if ((lengthOf(value) ?? 0) > MAX_POLICY_ARNS) throw invalid(field, value, allowed);
  const list = readList(field, value, "policy ARNs");
  if (!list) return undefined;
  if (list.length === 0) throw invalid(field, list, allowed);
  for (const [index, arn] of list.entries()) {
    if (typeof arn !== "string" || arn.length > 2048 || !POLICY_ARN.test(arn)) {
      throw invalidText(`${field}[${index}]`, arn, "a policy ARN such as arn:aws:iam::aws:policy/ReadOnlyAccess");
    }
  }
  if (new Set(list).size !== list.length) throw invalid(field, list, allowed);
  return Object.freeze((list as readonly string[]).toSorted());
}
