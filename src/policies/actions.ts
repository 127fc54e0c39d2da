import { hasWildcard, matchesArn } from "../request/allowed-roles.js";
import type { TextRule } from "../request/validation.js";
import { type PolicyWarning, warn } from "./policy-document.js";

export const ACTION: TextRule = {
  pattern: /^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/,
  min: 1,
  max: 128,
  allowed: "an action such as ec2:DescribeInstances or s3:Get*",
};

/** Writes an action as AWS does: the service in lower case, and `*` once. The meaning stays the same. */
export function normalizeAction(action: string): string {
  const [service = "", ...name] = action.replace(/\*+/g, "*").split(":");
  return [service.toLowerCase(), ...name].join(":");
}

/** Sorts actions. Drops duplicates that differ only in case, and actions that a wildcard in the list covers. */
export function mergeActions(actions: readonly string[]): readonly string[] {
  const spelling = new Map<string, string>();
  for (const action of actions.toSorted()) {
    const key = action.toLowerCase();
    if (!spelling.has(key)) spelling.set(key, action);
  }
  const wildcards = [...spelling.keys()].filter(hasWildcard).map((pattern) => {
    const [prefix = "", ...parts] = pattern.split(/[*?]+/);
    return { pattern, prefix, part: parts.toSorted((one, other) => other.length - one.length)[0] ?? "" };
  });
  // Most patterns fail the two cheap tests, and a list may have thousands of them.
  const isCovered = (key: string) =>
    wildcards.some(
      ({ pattern, prefix, part }) =>
        pattern !== key && key.startsWith(prefix) && key.includes(part) && covers(pattern, key),
    );
  return [...spelling]
    .filter(([key]) => !isCovered(key))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, action]) => action);
}

/** Whether `pattern` allows everything that `action` allows. Both are in lower case. */
export function covers(pattern: string, action: string): boolean {
  if (pattern === "*") return true;
  if (pattern.includes("?") && action.includes("*")) return false; // a ? does not match all that a * matches
  return matchesArn(pattern, action);
}

/** Whether the action is `*` or every action of a service. */
export function isEveryAction(action: string): boolean {
  return /^[*?]+$|:[*?]+$/.test(action);
}

/** @param shown the action as the warning shows it */
export function warnOfEveryAction(action: string, shown = `Action "${action}"`): PolicyWarning {
  const scope = action === "*" ? "every action of every service" : `every action of ${action.split(":")[0]}`;
  return warn("every-action", `${shown} allows ${scope}. List only the actions that commands need.`);
}
