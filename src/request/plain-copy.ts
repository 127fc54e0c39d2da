/** What cannot be copied so that a later comparison would notice every change. */
export const NOT_PLAIN = Symbol("not plain");

/** Values and levels of the largest data that is copied; what is larger, or holds itself, is {@link NOT_PLAIN}. */
const MOST_VALUES = 50_000;
const MOST_LEVELS = 64;

/** A deep copy of plain data, in which functions stand for themselves. */
export function copyPlain(value: unknown): unknown {
  return copy(value, { values: MOST_VALUES }, MOST_LEVELS);
}

function copy(value: unknown, budget: { values: number }, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  const keys = Reflect.ownKeys(value);
  budget.values -= keys.length;
  if (budget.values < 0 || levels === 0) return NOT_PLAIN;
  const isList = Array.isArray(value);
  if (isList ? prototype !== Array.prototype || keys.length !== value.length + 1 : !isOfObjects(prototype)) {
    return NOT_PLAIN;
  }
  const result: Record<string, unknown> | unknown[] = isList ? [] : Object.create(prototype);
  for (const key of keys) {
    if (typeof key === "symbol" || key === "__proto__") return NOT_PLAIN;
    if (isList && key === "length") continue;
    const item = copy((value as Record<string, unknown>)[key], budget, levels - 1);
    if (item === NOT_PLAIN) return NOT_PLAIN;
    (result as Record<string, unknown>)[key] = item;
  }
  return result;
}

/** Of an object literal, also of another realm such as a test runner's sandbox, or of nothing. */
export function isOfObjects(prototype: object | null): boolean {
  return prototype === null || Object.hasOwn(prototype, "isPrototypeOf");
}

/** Whether data is still as it was when it was copied, down to the order of its keys. */
export function isAsCopied(value: unknown, copied: unknown): boolean {
  if (value === copied) return true;
  if (typeof copied !== "object" || copied === null) return Object.is(value, copied);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(copied)) {
    if (!Array.isArray(value) || value.length !== copied.length) return false;
    for (let index = 0; index < copied.length; index++) {
      if (!isAsCopied(value[index], copied[index])) return false;
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.getPrototypeOf(copied)) return false;
  const keys = Reflect.ownKeys(value);
  const before = Object.keys(copied);
  if (keys.length !== before.length) return false;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    const same = isAsCopied((value as Record<string, unknown>)[key], (copied as Record<string, unknown>)[key]);
    if (key !== before[index] || !same) return false;
  }
  return true;
}
