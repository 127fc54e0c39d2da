import { types } from "node:util";
import { RolecallError } from "../errors.js";
import { similarName } from "./similar-names.js";

/** The longest part of a received value or of a key that an error repeats. */
const SHOWN_CHARACTERS = 100;
/** Items of the longest list that is read, and classes of the deepest object. */
const MOST_ITEMS = 10_000;
const MOST_CLASSES = 100;

/** What was received, by type and size. */
export function describe(received: unknown): string {
  if (received === "") return "an empty string";
  if (typeof received === "string") return `a string of ${received.length} characters`;
  if (received === null || received === undefined) return `${received}`;
  const length = lengthOf(received);
  if (length !== undefined) return `a list of ${length}`;
  return typeof received === "object" ? "an object" : `a ${typeof received}`;
}

/** The same, with the text or the number itself. Only for what cannot hold a secret. */
function show(received: unknown): string {
  if (typeof received === "string") return quoted(received);
  return typeof received === "number" || typeof received === "boolean" ? `${received}` : describe(received);
}

/** A text that an error repeats, fit to be printed. */
export function quoted(text: string): string {
  if (text === "") return "an empty string";
  return text.length > SHOWN_CHARACTERS
    ? `${quote(text.slice(0, SHOWN_CHARACTERS))}… (${text.length} characters)`
    : quote(text);
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

/**
 * The error for a setting that is wrong: which, what was received, what is allowed. Any setting may be given what belongs
 * into another one, so that nothing is shown unless the caller says that a value of this type is no secret.
 */
export function invalid(
  field: string,
  received: unknown,
  allowed: string,
  { sensitive = true }: { sensitive?: boolean | undefined } = {},
): RolecallError {
  const shown = sensitive ? describe(received) : show(received);
  return conflict(field, `is wrong: received ${shown}`, `Allowed: ${allowed}.`);
}

/** The same for a setting that is a text without secrets. */
export function invalidText(field: string, received: unknown, allowed: string): RolecallError {
  return invalid(field, received, allowed, { sensitive: typeof received !== "string" });
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

/** A setting that limits a role. `null`, as a file with an empty line has it, must not lift the limit. */
export function readLimit(field: string, value: unknown): unknown {
  if (value === null) throw conflict(field, "is null, and would limit nothing", "For no limit, leave it out.");
  return value;
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

export function readBoolean(field: string, value: unknown): boolean | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "boolean") throw invalid(field, value, "true or false");
  return value;
}

export function readList(field: string, value: unknown, of: string): readonly unknown[] | undefined {
  if (!isGiven(value)) return undefined;
  const length = lengthOf(value);
  if (length === undefined) throw invalid(field, value, `a list of ${of}`);
  if (length > MOST_ITEMS) throw invalid(field, value, `a list of at most ${MOST_ITEMS} ${of}`);
  return itemsOf(field, value as readonly unknown[], length);
}

/** A list's items, each read once. A hole is `undefined`, whatever lists inherit there. */
export function itemsOf(field: string, list: readonly unknown[], length: number): readonly unknown[] {
  try {
    return Array.from({ length }, (_, index) => (Object.hasOwn(list, index) ? list[index] : undefined));
  } catch {
    return refuseUnreadable(field);
  }
}

/** `undefined` for what is no list. */
export function lengthOf(value: unknown): number | undefined {
  try {
    const length = Array.isArray(value) ? value.length : undefined;
    return Number.isSafeInteger(length) ? length : undefined;
  } catch {
    return undefined; // a Proxy that was revoked, or throws
  }
}

/**
 * The settings of an object, each read once; none if it is not given. Every key that is not in `known` is an error. The
 * result inherits nothing.
 */
export function readSettings<K extends string>(
  field: string,
  value: unknown,
  known: readonly K[],
): Partial<Record<K, unknown>> {
  const settings: Partial<Record<K, unknown>> = Object.create(null);
  if (!isGiven(value)) return settings;
  const record = readRecord(field, value, `an object with ${known.join(", ")}`);
  const unknown = findName(field, record, (name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const meant = similarName(unknown, known);
    throw meant === undefined
      ? conflict(pathOf(field, unknown), "is not a setting", `Known settings: ${known.join(", ")}.`)
      : conflict(pathOf(field, unknown), `is not a setting, and reads like ${meant}`, `Write it as ${meant}.`);
  }
  for (const key of known) settings[key] = readSetting(field, record, key);
  return settings;
}

/**
 * A single object. Lists, maps, promises and the like are refused: what they hold would be overlooked. Read it by
 * {@link readSetting} and {@link namesIn} only.
 */
export function readRecord(field: string, value: unknown, allowed: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw invalid(field, value, allowed);
  return value;
}

/** As it was when the library was loaded: what an object is must not depend on who replaced it since. */
const tagOf = Object.prototype.toString;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  try {
    return Reflect.apply(tagOf, value, []) === "[object Object]" && !(Symbol.iterator in value);
  } catch {
    return false;
  }
}

/** One setting of an object or function, read once. What every object inherits is not the caller's and does not count. */
export function readSetting(field: string, record: object, key: string): unknown {
  try {
    const value = (record as Record<string, unknown>)[key];
    if (value === undefined || holds(record, key)) return value;
    if (!types.isProxy(record) || Object.is(value, (Object.prototype as Record<string, unknown>)[key]))
      return undefined;
  } catch {
    return refuseUnreadable(pathOf(field, key));
  }
  throw conflict(pathOf(field, key), "is answered by a Proxy that does not list it", "Pass a plain object.");
}

/** Whether it is an object, or a function, with these methods. */
export function hasMethods(field: string, value: unknown, ...names: readonly string[]): value is object {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return names.every((name) => typeof readSetting(field, value, name) === "function");
}

/** A variable of an environment, which like every object inherits what is none. */
export function variableIn(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  try {
    const value = env[name];
    // To ask whether the process's environment has a name takes as long as all else that a warm command does.
    return value === undefined || !(name in Object.prototype) || holds(env, name) ? value : undefined;
  } catch {
    return refuseUnreadable(name);
  }
}

/** The first of an object's names that matches, those of its class included. */
export function findName(field: string, record: object, matches: (name: string) => boolean): string | undefined {
  try {
    for (const name in record) if (matches(name) && holds(record, name)) return name;
    return undefined;
  } catch {
    return refuseUnreadable(field);
  }
}

/** All of them, one by one: who takes them may have enough at any. */
export function* namesIn(field: string, record: object): Generator<string> {
  try {
    for (const name in record) if (holds(record, name)) yield name;
  } catch {
    refuseUnreadable(field);
  }
}

/** Whether an object or its class has a key: anybody in the process may have put one on `Object.prototype`. */
export function holds(record: object, key: string): boolean {
  let holder: object | null = record;
  for (let level = 0; level < MOST_CLASSES; level++) {
    if (Object.hasOwn(holder, key)) return true;
    holder = Object.getPrototypeOf(holder) as object | null;
    if (holder === null || (isOfObjects(holder) && Object.getPrototypeOf(holder) === null)) break;
  }
  return false;
}

/** Of an object literal, also of another realm such as a test runner's sandbox, or of nothing. */
export function isOfObjects(prototype: object | null): boolean {
  return prototype === null || Object.hasOwn(prototype, "isPrototypeOf");
}

/** What a getter or a Proxy of the caller's throws may quote anything, and is not kept. */
export function refuseUnreadable(field: string): never {
  throw conflict(field, "cannot be read: its getter, or its Proxy, throws an error", "Pass plain data.");
}
