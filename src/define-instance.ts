import {
  type ExactInstance,
  INSTANCE_KEYS,
  type IntegrationInstance,
  readInstance,
  rememberInstance,
} from "./request/integration-instance.js";
import { isGiven, isOfObjects, lengthOf, readSettings } from "./request/validation.js";

/**
 * Validates an instance once, so that an administrator sees a mistake when the configuration is loaded, not at the first
 * command. Pass the result to `getClientForCommand` or to any method of a resolver, like a plain object.
 *
 * @param settings what the administrator configured; later changes to it have no effect
 * @returns a deeply frozen copy of the settings
 * @example
 * ```ts
 * const instance = defineInstance(JSON.parse(await readFile("instance.json", "utf8")));
 * ```
 * @throws {@link RolecallError} `INVALID_REQUEST`; `field` names the setting, such as `instance.roleArn`
 */
export function defineInstance<I extends IntegrationInstance>(settings: ExactInstance<I>): Readonly<I> {
  const given = isGiven(settings) ? readSettings("instance", settings, INSTANCE_KEYS) : settings;
  const copy = isGiven(given)
    ? Object.freeze(Object.fromEntries(Object.entries(given).flatMap(([key, value]) => freezeSetting(key, value))))
    : given;
  const read = readInstance(copy);
  rememberInstance(copy as object, read);
  return copy as unknown as I;
}

/** The largest number of values in a setting that is copied. Valid settings are far smaller. */
const MOST_VALUES = 100_000;

/** A setting that cannot be copied is passed on as it is. Its reader then rejects it by name. */
function freezeSetting(key: string, value: unknown): readonly [string, unknown][] {
  if (value === undefined) return [];
  try {
    return [[key, freezeCopy(value, { values: MOST_VALUES })]];
  } catch {
    return [[key, value]];
  }
}

/** Copies and freezes plain data. Keeps functions and class instances as they are. */
function freezeCopy(value: unknown, budget: { values: number }): unknown {
  if (typeof value !== "object" || value === null) return value;
  const length = lengthOf(value);
  if (length === undefined && !isOfObjects(Object.getPrototypeOf(value))) return value;
  budget.values -= length ?? Object.keys(value).length;
  if (budget.values < 0) throw new RangeError("too many values");
  if (length !== undefined) return Object.freeze(Array.from(value as unknown[], (item) => freezeCopy(item, budget)));
  const entries = Object.entries(value).map(([key, item]) => [key, freezeCopy(item, budget)]);
  return Object.freeze(Object.fromEntries(entries));
}
