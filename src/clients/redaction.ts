import { REDACTED, type Secret, toSecrets, withoutSecrets } from "./secret-text.js";

/** Limits for one error. Everything beyond them is redacted. */
const MAX_DEPTH = 8;
const MAX_OBJECTS = 1000;
const MAX_CHARACTERS = 256 * 1024;

/**
 * Removes secrets from a thrown value. Never throws, and reads each property once.
 * Changes errors and their hidden `$response` from the SDK in place, because callers may hold references to them.
 * Replaces any other object that contains a secret with a copy. It may be in use, such as the credentials themselves.
 */
export class Redaction {
  readonly #secrets: readonly Secret[];
  readonly #seen = new Map<object, unknown>();
  #objects = MAX_OBJECTS;
  #characters = MAX_CHARACTERS;

  constructor(secrets: readonly (string | undefined)[]) {
    this.#secrets = toSecrets(secrets);
  }

  thrown(value: unknown): unknown {
    const safe = this.#value(value, 0);
    return safe === REDACTED && value !== REDACTED ? new Error(REDACTED) : safe;
  }

  #value(value: unknown, depth: number, isResponse = false): unknown {
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object" || value === null) return value;
    if (this.#seen.has(value)) return this.#seen.get(value);
    if (depth > MAX_DEPTH || this.#objects-- <= 0) return REDACTED;
    this.#seen.set(value, value);
    let safe: unknown;
    try {
      safe = this.#object(value, depth, isResponse);
    } catch {
      safe = REDACTED; // a hostile object
    }
    this.#seen.set(value, safe);
    return safe;
  }

  #text(text: string): string {
    this.#characters -= text.length;
    return this.#characters < 0 ? REDACTED : withoutSecrets(text, this.#secrets);
  }

  #object(value: object, depth: number, isResponse: boolean): unknown {
    if (ArrayBuffer.isView(value)) {
      const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1");
      const safe = this.#text(text);
      return safe === text ? value : Buffer.from(safe, "latin1");
    }
    if (value instanceof Map)
      return this.#collection(value, [...value].flat(), depth, (safe) => new Map(inPairs(safe)));
    if (value instanceof Set) return this.#collection(value, [...value], depth, (safe) => new Set(safe));
    if (isStream(value)) return REDACTED; // a stream may reference the signed request
    const changed = this.#changedProperties(value, depth);
    if (changed.size === 0) return value;
    const mayChange = value instanceof Error || isResponse;
    const isDone = mayChange && [...changed].every(([key, property]) => Reflect.defineProperty(value, key, property));
    return isDone ? value : this.#copy(value, changed);
  }

  #changedProperties(value: object, depth: number): Map<PropertyKey, PropertyDescriptor> {
    const changed = new Map<PropertyKey, PropertyDescriptor>();
    for (const key of Reflect.ownKeys(value)) {
      const { enumerable = false, ...property } = Reflect.getOwnPropertyDescriptor(value, key) ?? {};
      const read = this.#read(value, property);
      const safe = this.#value(read, depth + 1, key === "$response");
      const isSafeKey = typeof key !== "string" || this.#text(key) === key;
      if (safe === read && isSafeKey) continue;
      changed.set(key, {
        value: isSafeKey ? safe : REDACTED,
        enumerable,
        writable: true,
        configurable: property.configurable ?? true,
      });
    }
    return changed;
  }

  /** @returns `undefined` if a getter throws */
  #read(owner: object, { get, value }: PropertyDescriptor): unknown {
    try {
      return get ? get.call(owner) : value;
    } catch {
      return undefined;
    }
  }

  /** Copies to a plain object, because a class's methods may not work on a copy. A copied error keeps its class. */
  #copy(value: object, changed: ReadonlyMap<PropertyKey, PropertyDescriptor>): object {
    const copy = Array.isArray(value)
      ? []
      : Object.create(value instanceof Error ? Object.getPrototypeOf(value) : Object.prototype);
    for (const key of Reflect.ownKeys(value)) {
      const property = changed.get(key) ?? Reflect.getOwnPropertyDescriptor(value, key);
      const name = typeof key === "string" ? this.#text(key) : key;
      if (property) Reflect.defineProperty(copy, name, property);
    }
    return copy;
  }

  #collection(value: object, parts: readonly unknown[], depth: number, copy: (safe: unknown[]) => object): object {
    const safe = parts.map((part) => this.#value(part, depth + 1));
    return safe.every((part, index) => part === parts[index]) ? value : copy(safe);
  }
}

function inPairs(list: readonly unknown[]): [unknown, unknown][] {
  return Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index], list[2 * index + 1]]);
}

function isStream(value: object): boolean {
  return ["pipe", "getReader"].some((name) => typeof (value as Record<string, unknown>)[name] === "function");
}
