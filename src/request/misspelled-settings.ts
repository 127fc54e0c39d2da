import { toVisualForm } from "./similar-names.js";
import { conflict, findName, pathOf } from "./validation.js";

/** The returned function finds the setting that a misspelled key, such as `role_arn`, most likely means. */
export function createMisspellingLookup(settings: readonly string[]): (key: string) => string | undefined {
  const byLook = new Map(settings.toReversed().map((setting) => [toVisualForm(setting), setting]));
  return (key) => (settings.includes(key) ? undefined : byLook.get(toVisualForm(key)));
}

/**
 * Refuses a misspelled setting: it would be ignored, and the command would run as a different identity.
 * @param counts `false` for keys to ignore
 */
export function assertNoMisspelledSetting(
  settings: readonly string[],
  owner: string,
  record: object,
  counts: (key: string) => boolean,
): void {
  const findSimilar = createMisspellingLookup(settings);
  const key = findName(owner, record, (name) => findSimilar(name) !== undefined && counts(name));
  if (key !== undefined) throw misspellingError(owner, key, findSimilar(key));
}

export function misspellingError(owner: string, key: string, right: string | undefined): Error {
  return conflict(pathOf(owner, key), `is not a setting, and reads like ${right}`, `Write it as ${right}.`);
}
