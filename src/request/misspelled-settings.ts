import { toVisualForm } from "./similar-names.js";
import { conflict, findName, pathOf } from "./validation.js";

/** What a command may set. */
export const COMMAND_KEYS = ["roleArn", "roleSessionName", "roleSessionDuration", "region"] as const;

/** All of a command's settings begin with an r. Most arguments are plain ASCII and do not: one test is all that they cost. */
const MAY_BE_COMMAND_KEY = /^[^a-z0-9]*r|[^\0-\x7f]/i;

const commandKeyLike = lookupOf(COMMAND_KEYS);
/** Made once: every command asks it of each of its arguments. */
const isLikeACommandKey = (key: string) => MAY_BE_COMMAND_KEY.test(key) && commandKeyLike(key) !== undefined;

/** Finds the setting that a key looks like and is not, as `role_arn` does. */
function lookupOf(settings: readonly string[]): (key: string) => string | undefined {
  const byLook = new Map(settings.toReversed().map((setting) => [toVisualForm(setting), setting]));
  return (key) => (settings.includes(key) ? undefined : byLook.get(toVisualForm(key)));
}

/** A misspelt setting would run the command as another identity than the one that it names. */
export function assertNoMisspelledCommandKey(owner: string, command: object): void {
  const key = findName(owner, command, isLikeACommandKey);
  if (key !== undefined) throw misspelt(owner, key, commandKeyLike(key));
}

/**
 * The same for other settings.
 * @param counts whether a key counts at all
 */
export function assertNoMisspelledSetting(
  settings: readonly string[],
  owner: string,
  record: object,
  counts: (key: string) => boolean,
): void {
  const settingLike = lookupOf(settings);
  const key = findName(owner, record, (name) => settingLike(name) !== undefined && counts(name));
  if (key !== undefined) throw misspelt(owner, key, settingLike(key));
}

function misspelt(owner: string, key: string, right: string | undefined): Error {
  return conflict(pathOf(owner, key), `is not a setting, and reads like ${right}`, `Write it as ${right}.`);
}
