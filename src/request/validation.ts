import { RolecallError } from "../errors.js";

/** The longest part of a received value or of a key that an error repeats. */
const SHOWN_CHARACTERS = 100;

/** What an error says was received. A value that may be sensitive is described and not shown. */
export function describe(received: unknown, sensitive = false): string {
  if (typeof received === "string") {
    if (received === "") return "an empty string";
    if (sensitive) return `a string of ${received.length} characters`;
    return received.length > SHOWN_CHARACTERS
      ? `${quote(received.slice(0, SHOWN_CHARACTERS))}… (${received.length} characters)`
      : quote(received);
  }
  if (typeof received === "number" || typeof received === "boolean")
    return sensitive ? `a ${typeof received}` : `${received}`;
  if (received === null || received === undefined) return `${received}`;
  if (Array.isArray(received)) return `a list of ${received.length}`;
  return typeof received === "object" ? "an object" : `a ${typeof received}`;
}

function quote(text: string): string {
  return escapeInvisible(JSON.stringify(text));
}

/** Control and format characters, which could forge a log's lines or turn their direction. */
export function escapeInvisible(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** The path of a key that the caller chose, fit to be printed. */
export function pathOf(owner: string, key: string): string {
  const shown = key.length > SHOWN_CHARACTERS ? `${key.slice(0, SHOWN_CHARACTERS)}…` : key;
  return `${owner}.${escapeInvisible(shown)}`;
}

/** The error for a setting that is wrong: which, what was received, what is allowed. */
export function invalid(
  field: string,
  received: unknown,
  allowed: string,
  options: { sensitive?: boolean | undefined } = {},
): RolecallError {
  return conflict(field, `is wrong: received ${describe(received, options.sensitive)}`, `Allowed: ${allowed}.`);
}

/** The error for settings that are each well-formed and contradict one another. */
export function conflict(field: string, message: string, hint: string, roleArn?: string): RolecallError {
  return new RolecallError("INVALID_REQUEST", `${field} ${message}.`, { step: "request", field, hint, roleArn });
}

/** The same without the keys that hold `undefined`. */
export function withoutUndefined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as typeof record;
}

export function isGiven<T>(value: T | undefined | null): value is T {
  return value !== undefined && value !== null;
}

/** What one kind of text may be. `allowed` says the same in words. */
export interface TextRule {
  pattern: RegExp;
  min: number;
  max: number;
  allowed: string;
  /** Errors describe the value and do not show it. */
  sensitive?: boolean;
}

export function readText(field: string, value: unknown, rule: TextRule): string | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "string" || value.length < rule.min || value.length > rule.max || !rule.pattern.test(value)) {
    throw invalid(field, value, rule.allowed, rule);
  }
  return value;
}

export function readInteger(field: string, value: unknown, min: number, max: number, unit: string): number | undefined {
  if (!isGiven(value)) return undefined;
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < min || number > max) {
    throw invalid(field, value, `a whole number of ${unit} from ${min} to ${max}, as a number or as digits`);
  }
  return number;
}

export function readBoolean(field: string, value: unknown): boolean | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "boolean") throw invalid(field, value, "true or false");
  return value;
}

export function readList(field: string, value: unknown, of: string): readonly unknown[] | undefined {
  if (!isGiven(value)) return undefined;
  if (!Array.isArray(value)) throw invalid(field, value, `a list of ${of}`);
  return value;
}

/** An object of settings, or `undefined` if not given. Every key that is not in `known` is an error. */
export function readSettings<K extends string>(
  field: string,
  value: unknown,
  known: readonly K[],
): Partial<Record<K, unknown>> | undefined {
  if (!isGiven(value)) return undefined;
  const settings = readRecord(field, value, `an object with ${known.join(", ")}`);
  for (const key in settings) {
    if (!(known as readonly string[]).includes(key)) {
      throw conflict(pathOf(field, key), "is not a setting", `Known settings: ${known.join(", ")}.`);
    }
  }
  return settings as Partial<Record<K, unknown>>;
}

/**
 * A single object. Lists, maps, promises and the like are refused: what they hold would be overlooked. A text may be an
 * object's JSON with secrets in it, so that errors never show it.
 */
export function readRecord(field: string, value: unknown, allowed: string): Record<string, unknown> {
  if (!isRecord(value)) throw invalid(field, value, allowed, { sensitive: true });
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]" && !(Symbol.iterator in (value as object));
}
