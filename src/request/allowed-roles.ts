import { RolecallError } from "../errors.js";
import { EXTERNAL_ID } from "./limits.js";
import { type RoleArn, readRoleArn } from "./role-arn.js";
import { conflict, invalid, isGiven, readList, readSettings, readText } from "./validation.js";

/**
 * One entry of `allowedRoles`: an exact role ARN, or a pattern with IAM's wildcards. `*` matches any run of characters,
 * `?` matches one character, and neither matches a `:`. If the roles require an external id, use the object form.
 */
export type AllowedRole = string | { roleArn: string; externalId: string };

/** A validated entry. */
export interface AllowedRoleEntry {
  readonly pattern: string;
  readonly exact: boolean;
  readonly externalId: string | undefined;
}

/** A role ARN whose parts may contain `*` and `?`. */
const PATTERN = /^arn:[a-z0-9*?-]+:iam::[\d*?]{1,12}:role\/[!-9;-~]+$/;
const ALLOWED =
  "a role ARN, or a pattern of the same form such as arn:aws:iam::123456789012:role/integration-*. " +
  "To allow every role, write arn:*:iam::*:role/*";

/** @returns `undefined` if no list is given; then only IAM decides */
export function readAllowedRoles(field: string, value: unknown): readonly AllowedRoleEntry[] | undefined {
  const list = readList(field, value, "role ARNs, patterns, or { roleArn, externalId }");
  if (!list) return undefined;
  const entries = new Map<string, AllowedRoleEntry>();
  for (const [index, item] of list.entries()) {
    const entry = readEntry(`${field}[${index}]`, item);
    const same = entries.get(entry.pattern);
    if (same && same.externalId !== entry.externalId) {
      throw conflict(`${field}[${index}]`, "repeats a role with a different external id", "List each role once.");
    }
    entries.set(entry.pattern, entry);
  }
  return [...entries.values()];
}

function readEntry(field: string, value: unknown): AllowedRoleEntry {
  if (typeof value === "string") return toEntry(field, value, undefined);
  if (!isGiven(value)) throw invalid(field, value, ALLOWED);
  const settings = readSettings(field, value, ["roleArn", "externalId"]);
  const externalId = readText(`${field}.externalId`, settings.externalId, EXTERNAL_ID);
  if (externalId === undefined) {
    throw conflict(`${field}.externalId`, "is missing", "If the role requires none, list its ARN as a string.");
  }
  return toEntry(`${field}.roleArn`, settings.roleArn, externalId);
}

function toEntry(field: string, value: unknown, externalId: string | undefined): AllowedRoleEntry {
  if (typeof value === "string" && hasWildcard(value)) {
    if (value.length > 2048 || !PATTERN.test(value)) throw invalid(field, value, ALLOWED, { sensitive: !isArn(value) });
    return { pattern: value, exact: false, externalId };
  }
  const role = readRoleArn(field, value, { sensitive: !isArn(value) });
  if (!role) throw invalid(field, value, ALLOWED);
  return { pattern: role.arn, exact: true, externalId };
}

/** Errors show only ARNs: any other value may be an external id, or a whole entry as JSON. */
function isArn(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("arn:");
}

/**
 * Refuses a role that the instance does not allow. If there is a list, also refuses a command without a role.
 * @returns the entry that allows the role: its exact ARN if listed, otherwise the first matching pattern
 */
export function refuseUnlessAllowed(
  entries: readonly AllowedRoleEntry[] | undefined,
  role: RoleArn | undefined,
  field?: string,
): AllowedRoleEntry | undefined {
  if (!entries) return undefined;
  const entry =
    role &&
    (entries.find(({ exact, pattern }) => exact && pattern === role.arn) ??
      entries.find(({ exact, pattern }) => !exact && matchesArn(pattern, role.arn)));
  if (entry) return entry;
  throw new RolecallError(
    "ROLE_NOT_ALLOWED",
    role
      ? `The role ${role.arn} is not in the instance's allowedRoles.`
      : "No role was requested, but the instance sets allowedRoles, so a role is required.",
    {
      step: "request",
      field,
      roleArn: role?.arn,
      hint: role
        ? "Ask an administrator to add it to allowedRoles, or use a listed role."
        : "Set roleArn in the instance or the command to a listed role.",
    },
  );
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars */
const IAM_DOLLAR = `\${$}`;

/**
 * An entry's pattern as a resource of an IAM policy. IAM matches patterns the same way, with two exceptions: the
 * partition must be concrete, and `$` is escaped because it could start a policy variable.
 */
export function toIamResource(pattern: string, partition: string): string {
  const [arn, , ...rest] = pattern.split(":");
  return [arn, partition, ...rest].join(":").replaceAll("$", () => IAM_DOLLAR);
}

/** Whether IAM treats the text as a pattern. */
export function hasWildcard(text: string): boolean {
  return /[*?]/.test(text);
}

/** Matches part by part, as IAM does, so no wildcard matches a `:`. */
export function matchesArn(pattern: string, arn: string): boolean {
  const patterns = pattern.split(":");
  const parts = arn.split(":");
  return patterns.length === parts.length && patterns.every((part, index) => matchesWildcard(part, parts[index] ?? ""));
}

/** Avoids exponential backtracking: on a mismatch, only the last `*` takes one more character. */
function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let resume = 0;
  while (position < text.length) {
    if (pattern[at] === "*") {
      star = at++;
      resume = position;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[position])) {
      at++;
      position++;
    } else if (star >= 0) {
      at = star + 1;
      position = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
