import { quoted } from "../request/validation.js";

/** @throws TypeError naming the function if the options are not an object */
export function readOptions<T extends object>(name: string, options: T): T {
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`${name} takes an object`);
}

const MOST_ITEMS = 10_000;

/**
 * Copies an array.
 * @throws TypeError naming the option if the value is not an array of at most 10,000 items
 */
export function readItems<T>(option: string, list: readonly T[]): T[] {
  if (Array.isArray(list) && list.length <= MOST_ITEMS) return Array.from(list);
  throw new TypeError(`${option} must be an array of at most ${MOST_ITEMS} items`);
}

/** Describes an invalid value for an error message. */
export function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  return typeof value === "number" ? `${value}` : `a ${typeof value}`;
}
