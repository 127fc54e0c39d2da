import { lookOf } from "./similar-names.js";
import { conflict, findName, pathOf } from "./validation.js";

/** Finds the setting that a key looks like and is not, as `role_arn` does. */
export function findSettingLike(settings: readonly string[]): (key: string) => string | undefined {
  const byLook = new Map(settings.toReversed().map((setting) => [lookOf(setting), setting]));
  return (key) => (settings.includes(key) ? undefined : byLook.get(lookOf(key)));
}

/**
 * A misspelt setting would be ignored, and the command would act as another identity than the one that it names.
 * @param counts whether a key counts at all
 */
export function assertNoMisspelling(
  settings: readonly string[],
  owner: string,
  record: object,
  counts: (key: string) => boolean,
): void {
  const settingLike = findSettingLike(settings);
  const key = findName(owner, record, (name) => settingLike(name) !== undefined && counts(name));
  if (key !== undefined) throw misspelt(owner, key, settingLike(key));
}

/** The error for such a key. */
export function misspelt(owner: string, key: string, right: string | undefined): Error {
  return conflict(pathOf(owner, key), `is not a setting, and reads like ${right}`, `Write it as ${right}.`);
}
