import { inspect } from "node:util";
import { RolecallError, type RolecallErrorCode } from "../../src/index.js";
import { HUSH } from "./cast.js";

const CODES: Readonly<Record<RolecallErrorCode, true>> = {
  INVALID_REQUEST: true,
  ROLE_NOT_ALLOWED: true,
  INSTANCE_PROFILE_MISSING: true,
  INSTANCE_PROFILE_INVALID: true,
  IMDS_UNREACHABLE: true,
  ASSUME_ROLE_DENIED: true,
  ASSUME_ROLE_INVALID: true,
  REGION_DISABLED: true,
  BASE_IDENTITY_UNAVAILABLE: true,
  BASE_IDENTITY_REJECTED: true,
  STS_UNAVAILABLE: true,
  TIMEOUT: true,
  ABORTED: true,
  RESOLVER_CLOSED: true,
  ACCOUNTS_UNAVAILABLE: true,
  TARGETS_FAILED: true,
};

/** Errors that the documentation promises before any network call. */
export const REFUSALS: readonly string[] = ["INVALID_REQUEST", "ROLE_NOT_ALLOWED"];

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const ENGINE_MESSAGES =
  /Cannot (read|set|destructure|convert|perform|redefine|define|create|mix|assign|delete|access)|is not (a function|iterable|a constructor|defined|an object|extensible|valid JSON)|undefined or null|not a non-null object|Reduce of|Invalid (array length|string length|time value|property descriptor|URL|count)|call stack|circular structure|read only property|is read-only|incompatible receiver|must be (of type|one of)|out of range|BigInt|Symbol value/;

/**
 * Returns what is wrong with an error that a caller gets.
 * @param mayThrow whether the entry documents this other error
 */
export function judgeError(error: unknown, secrets: readonly string[], mayThrow?: (error: Error) => boolean): string[] {
  const shown = show(error);
  if (isA(RolecallError, error)) {
    const { code, message, hint, field = "" } = error;
    return [
      ...(Object.hasOwn(CODES, code) ? [] : [`the error has the unknown code ${String(code)}`]),
      ...(CONTROL.test(message) || CONTROL.test(hint) || CONTROL.test(field)
        ? [`the message holds control characters: ${JSON.stringify(message)}`]
        : []),
      ...judgeText("the error", [message, hint, field, shown, json(error)].join("\n"), secrets),
    ];
  }
  if (isA(Error, error) && mayThrow?.(error)) return judgeText("the error", shown, secrets);
  return [`another error than ours: ${briefly(error)}`];
}

/** The secrets that a text contains. */
export function judgeText(what: string, text: string, secrets: readonly string[]): string[] {
  const found = [HUSH, ...secrets].find((secret) => text.includes(secret));
  if (found === undefined) return [];
  const at = text.indexOf(found);
  return [`${what} shows a secret: ${text.slice(Math.max(0, at - 200), at + 100)}`];
}

/** Whether the message was written by a person rather than by the JavaScript engine. */
export function isDeliberate(error: Error): boolean {
  return !ENGINE_MESSAGES.test(error.message) && !CONTROL.test(error.message);
}

export function hasControlCharacters(text: string): boolean {
  return CONTROL.test(text);
}

/** Like `instanceof`, which a hostile value can make throw. */
export function isA<T>(Class: abstract new (...args: never) => T, value: unknown): value is T {
  try {
    return value instanceof Class;
  } catch {
    return false;
  }
}

/** An error with its origin. */
export function briefly(error: unknown): string {
  const text = isA(Error, error) ? String(error.stack) : show(error);
  return text
    .replaceAll(/\S*\.rolecall-build-\w+\//g, "")
    .split("\n")
    .slice(0, 6)
    .join("\n")
    .slice(0, 1000);
}

/** The printed form of a value, even if the value interferes. */
export function show(value: unknown): string {
  try {
    return inspect(value, { depth: 6, showHidden: true, breakLength: 120 });
  } catch (error) {
    return `(cannot be printed: ${error instanceof Error ? error.message : "an odd error"})`;
  }
}

export function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}

/** The same text for two values with equal own properties. */
export function fingerprint(value: unknown, levels = 6): string {
  if (typeof value === "function") return "function";
  if (typeof value !== "object" || value === null) return String(value);
  if (levels === 0) return "…";
  const keys = Object.keys(value).sort();
  const parts = keys.map((key) => `${key}: ${fingerprint((value as Record<string, unknown>)[key], levels - 1)}`);
  return `${Array.isArray(value) ? "list" : "object"} { ${parts.join(", ")} }`;
}
