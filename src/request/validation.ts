import { types } from "node:util";
import { RolecallError } from "../errors.js";
import { similarName } from "./similar-names.js";

/** How many characters of a value or key an error shows. */
const SHOWN_CHARACTERS = 100;
const MAX_ITEMS = 10_000;
/** The maximum depth of a prototype chain. */
const MAX_PROTOTYPES = 100;

/** Type and size of a value that may be a secret. */
function describe(received: unknown): string {
  if (received === "") return "an empty string";
  if (typeof received === "string") return `a string of ${received.length} characters`;
  if (received === null || received === undefined) return `${received}`;
  const length = lengthOf(received);
  if (length !== undefined) return length === 0 ? "an empty array" : `an array of ${length}`;
  return typeof received === "object" ? "an object" : `a ${typeof received}`;
}

/** The value itself, if it is short and simple. Only for settings that contain no secret. */
function show(received: unknown): string {
  if (typeof received === "string") return quoted(received);
  return typeof received === "number" || typeof received === "boolean" ? `${received}` : describe(received);
}

/** Formats a string for an error: short, and safe to print. */
export function quoted(text: string): string {
  if (text === "") return "an empty string";
  const shown = escapeInvisible(JSON.stringify(text.slice(0, SHOWN_CHARACTERS)));
  return text.length > SHOWN_CHARACTERS ? `${shown}… (${text.length} characters)` : shown;
}

/** Escapes control and format characters, which could forge log lines or change the direction of text. */
export function escapeInvisible(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, toUnicodeEscapes);
}

/** As in JSON: one `\uXXXX` for each UTF-16 unit. */
export function toUnicodeEscapes(text: string): string {
  return text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The path of a key that the caller chose, safe to print. */
export function pathOf(owner: string, key: string): string {
  const shown = key.length > SHOWN_CHARACTERS ? `${key.slice(0, SHOWN_CHARACTERS)}…` : key;
  return `${owner}.${escapeInvisible(shown)}`;
}

/** The error for an invalid setting. A secret may be in the wrong setting, so the value is shown only if `sensitive` is `false`. */
export function invalid(
  field: string,
  received: unknown,
  allowed: string,
  { sensitive = true }: { sensitive?: boolean | undefined } = {},
): RolecallError {
  const shown = sensitive ? describe(received) : show(received);
  return conflict(field, `is invalid: received ${shown}`, `Allowed: ${allowed}.`);
}

/** The error for an invalid string setting without secrets. */
export function invalidText(field: string, received: unknown, allowed: string): RolecallError {
  return invalid(field, received, allowed, { sensitive: typeof received !== "string" });
}

/** The error for a setting that is invalid for any other reason, such as a conflict with another setting. */
export function conflict(field: string, message: string, hint: string, roleArn?: string): RolecallError {
  return new RolecallError("INVALID_REQUEST", `${field} ${message}.`, { step: "request", field, hint, roleArn });
}

export function withoutUndefined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as typeof record;
}

/** A class, because V8 reads its objects several times faster than objects from `Object.create(null)`. */
class EmptyRecord {}
Reflect.deleteProperty(EmptyRecord.prototype, "constructor");
Object.freeze(Object.setPrototypeOf(EmptyRecord.prototype, null));

/** A record that inherits nothing: code in the process may have added anything to `Object.prototype`. */
export function emptyRecord(): Record<string, unknown> {
  return new EmptyRecord() as Record<string, unknown>;
}

export function isGiven<T>(value: T | undefined | null): value is T {
  return value !== undefined && value !== null;
}

/** For a setting that limits a role: `null`, such as an empty value in a YAML file, must not lift the limit. */
export function readLimit(field: string, value: unknown): unknown {
  if (value === null) throw conflict(field, "is null, which would lift the limit", "To set no limit, leave it out.");
  return value;
}

/** The format of a string setting. */
export interface TextRule {
  pattern: RegExp;
  min: number;
  max: number;
  /** Describes the format in errors. */
  allowed: string;
  /** Whether errors must not show the value. */
  sensitive?: boolean;
}

export function readText(field: string, value: unknown, rule: TextRule): string | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "string" || value.length < rule.min || value.length > rule.max || !rule.pattern.test(value)) {
    throw (rule.sensitive ? invalid : invalidText)(field, value, rule.allowed);
  }
  return value;
}

export function readInteger(field: string, value: unknown, min: number, max: number, unit: string): number | undefined {
  if (!isGiven(value)) return undefined;
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < min || number > max) {
    const allowed = `a whole number of ${unit} from ${min} to ${max}, as a number or as digits`;
    throw invalid(field, value, allowed, { sensitive: typeof value !== "number" && typeof value !== "string" });
  }
  return number;
}

/** @param forbidden characters that `URL` accepts but this setting does not */
export function parseHttpUrl(value: unknown, forbidden: RegExp): URL | undefined {
  if (typeof value !== "string" || forbidden.test(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) ? url : undefined;
}

export function readBoolean(field: string, value: unknown): boolean | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "boolean") throw invalid(field, value, "true or false");
  return value;
}

/** For a setting where `false` has the same effect as leaving it out. */
export function readFlag(field: string, value: unknown): true | undefined {
  return readBoolean(field, value) || undefined;
}

export function readList(field: string, value: unknown, of: string): readonly unknown[] | undefined {
  if (!isGiven(value)) return undefined;
  const length = lengthOf(value);
  if (length === undefined) throw invalid(field, value, `a list of ${of}`);
  if (length > MAX_ITEMS) throw invalid(field, value, `a list of at most ${MAX_ITEMS} ${of}`);
  return itemsOf(field, value as readonly unknown[], length);
}

/** Reads each item of an array once. An empty slot is `undefined`, even if `Array.prototype` has a value there. */
export function itemsOf(field: string, list: readonly unknown[], length: number): readonly unknown[] {
  try {
    return Array.from({ length }, (_, index) => (Object.hasOwn(list, index) ? list[index] : undefined));
  } catch {
    return refuseUnreadable(field);
  }
}

/** `undefined` for a value that is not an array. */
export function lengthOf(value: unknown): number | undefined {
  try {
    const length = Array.isArray(value) ? value.length : undefined;
    return Number.isSafeInteger(length) ? length : undefined;
  } catch {
    return undefined; // a Proxy that is revoked or throws
  }
}

/** Reads each setting of an object once. A key that is not in `known` is an error. The result inherits nothing. */
export function readSettings<K extends string>(
  field: string,
  value: unknown,
  known: readonly K[],
): Partial<Record<K, unknown>> {
  const settings = emptyRecord() as Partial<Record<K, unknown>>;
  if (!isGiven(value)) return settings;
  const record = readRecord(field, value, `an object with ${known.join(", ")}`);
  assertNoMisspelling(field, record, (name) => {
    if ((known as readonly string[]).includes(name)) return undefined;
    const meant = similarName(name, known);
    if (meant !== undefined) return meant;
    throw conflict(pathOf(field, name), "is not a setting", `Known settings: ${known.join(", ")}.`);
  });
  for (const key of known) settings[key] = readSetting(field, record, key);
  return settings;
}

/**
 * Refuses a misspelled setting: ignoring it could run the command as a different identity.
 * @param findMeant returns the setting that a name misspells
 */
export function assertNoMisspelling(
  owner: string,
  record: object,
  findMeant: (name: string) => string | undefined,
): void {
  for (const name of namesIn(owner, record)) {
    const meant = findMeant(name);
    if (meant === undefined) continue;
    throw conflict(pathOf(owner, name), `is not a setting, but looks like ${meant}`, `Write it as ${meant}.`);
  }
}

/**
 * Refuses arrays, maps, promises and other objects whose contents are not settings. Read the result only with
 * {@link readSetting} and {@link namesIn}.
 */
export function readRecord(field: string, value: unknown, allowed: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw invalid(field, value, allowed);
  return value;
}

/** Read once, so that replacing it later changes nothing. */
const tagOf = Object.prototype.toString;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  try {
    return Reflect.apply(tagOf, value, []) === "[object Object]" && !(Symbol.iterator in value);
  } catch {
    return false;
  }
}

/** Reads one setting of an object or function once. Ignores `Object.prototype`: the caller did not set its keys. */
export function readSetting(field: string, record: object, key: string): unknown {
  try {
    const value = (record as Record<string, unknown>)[key];
    if (value === undefined || holds(record, key)) return value;
    const inherited = (Object.prototype as Record<string, unknown>)[key];
    if (!types.isProxy(record) || Object.is(value, inherited)) return undefined;
  } catch {
    return refuseUnreadable(pathOf(field, key));
  }
  throw conflict(pathOf(field, key), "is returned by a Proxy that does not list it", "Pass a plain object.");
}

/** Whether a value is an object or function with these methods. */
export function hasMethods(field: string, value: unknown, ...names: readonly string[]): value is object {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return names.every((name) => typeof readSetting(field, value, name) === "function");
}

/** Reads an environment variable. Ignores the keys of `Object.prototype`. */
export function variableIn(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  try {
    const value = env[name];
    // Checked only for names that every object inherits: for process.env, the check takes as long as a warm command.
    return value === undefined || !(name in Object.prototype) || holds(env, name) ? value : undefined;
  } catch {
    return refuseUnreadable(name);
  }
}

/** The property names of an object and its class. */
export function* namesIn(field: string, record: object): Generator<string> {
  try {
    for (const name in record) if (holds(record, name)) yield name;
  } catch {
    refuseUnreadable(field);
  }
}

/** Whether an object or its class has a key. Keys of `Object.prototype` do not count: any code in the process may add one. */
export function holds(record: object, key: string): boolean {
  let holder: object | null = record;
  for (let level = 0; level < MAX_PROTOTYPES; level++) {
    if (Object.hasOwn(holder, key)) return true;
    holder = Object.getPrototypeOf(holder) as object | null;
    if (holder === null || (isOfObjects(holder) && Object.getPrototypeOf(holder) === null)) break;
  }
  return false;
}

/** Whether this is `null`, or the prototype of object literals in any realm, such as a test runner's sandbox. */
export function isOfObjects(prototype: object | null): boolean {
  return prototype === null || Object.hasOwn(prototype, "isPrototypeOf");
}

/** Drops the error from the caller's getter or Proxy, because it may contain a secret. */
export function refuseUnreadable(field: string): never {
  throw conflict(field, "cannot be read: its getter or Proxy throws an error", "Pass plain data.");
}
