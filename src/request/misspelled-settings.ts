import { toVisualForm } from "./similar-names.js";
import { conflict, findName, pathOf } from "./validation.js";

/** Settings that a command may set. */
export const COMMAND_KEYS = ["roleArn", "roleSessionName", "roleSessionDuration", "region"] as const;

/** A cheap test that most arguments fail: all settings of a command start with r, and lookalikes of r are not ASCII. */
const MAY_BE_COMMAND_KEY = /^[^a-z0-9]*r|[^\0-\x7f]/i;

const findSimilarCommandKey = createLookup(COMMAND_KEYS);
const isMisspelledCommandKey = (key: string) =>
  MAY_BE_COMMAND_KEY.test(key) && findSimilarCommandKey(key) !== undefined;

/** The returned function finds the setting that a misspelled key, such as `role_arn`, most likely means. */
function createLookup(settings: readonly string[]): (key: string) => string | undefined {
  const byLook = new Map(settings.toReversed().map((setting) => [toVisualForm(setting), setting]));
  return (key) => (settings.includes(key) ? undefined : byLook.get(toVisualForm(key)));
}

/** A misspelled setting would be ignored, and the command would run as a different identity. */
export function assertNoMisspelledCommandKey(owner: string, command: object): void {
  const key = findName(owner, command, isMisspelledCommandKey);
  if (key !== undefined) throw misspellingError(owner, key, findSimilarCommandKey(key));
}

/** @param counts `false` for keys to ignore */
export function assertNoMisspelledSetting(
  settings: readonly string[],
  owner: string,
  record: object,
  counts: (key: string) => boolean,
): void {
  const findSimilar = createLookup(settings);
  const key = findName(owner, record, (name) => findSimilar(name) !== undefined && counts(name));
  if (key !== undefined) throw misspellingError(owner, key, findSimilar(key));
}

function misspellingError(owner: string, key: string, right: string | undefined): Error {
  return conflict(pathOf(owner, key), `is not a setting, and reads like ${right}`, `Write it as ${right}.`);
}
