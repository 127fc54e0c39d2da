import type { FuzzCase } from "./observe.js";

/**
 * How hostile a case is: values of every kind; accessors and proxies that throw or return changing values; a polluted
 * `Object.prototype`.
 */
export const HOSTILITIES = ["values", "accessors", "prototype"] as const;

export type Hostility = (typeof HOSTILITIES)[number];

/** Markers in a recipe's text, and the odd values that run their own code. */
const ACCESSORS =
  /"as":"(throws|changes|getter)"|"is":"proxy"|"does":"throws"|"class getters"|"name":"(revoked|throws|thenable)/;

/** Whether a case needs only what is allowed. */
export function isWithin(allowed: readonly Hostility[], { args, pollution }: FuzzCase): boolean {
  if (pollution.length > 0 && !allowed.includes("prototype")) return false;
  return allowed.includes("accessors") || !ACCESSORS.test(JSON.stringify([args, pollution]));
}
