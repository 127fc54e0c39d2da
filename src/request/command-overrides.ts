import { ROLE_SESSION_DURATION, ROLE_SESSION_NAME } from "./limits.js";
import { readRegion } from "./regions.js";
import { readRoleArn } from "./role-arn.js";
import { createSettingsReader, type SettingsTable } from "./settings-table.js";
import { createMisspellingLookup } from "./similar-names.js";
import {
  assertNoMisspelling,
  conflict,
  isGiven,
  pathOf,
  readInteger,
  readRecord,
  readSetting,
  readText,
} from "./validation.js";

/** A command's settings for its identity and region. `undefined` and `null` mean not set; an empty string is an error. */
export interface CommandSettings {
  /** The role this command acts as, instead of the instance's. */
  roleArn?: string | null | undefined;
  /** 2 to 64 characters of `[\w+=,.@-]`. */
  roleSessionName?: string | null | undefined;
  /** In seconds: 900 to 43200, a number or a string of digits. */
  roleSessionDuration?: number | string | null | undefined;
  /** The region of the service that the command calls. */
  region?: string | null | undefined;
}

/**
 * A command's arguments, as the platform passes them. The library reads only the four {@link CommandSettings} and
 * ignores other arguments.
 */
export type CommandOverrides =
  | (CommandSettings & { readonly [argument: string]: unknown })
  | (CommandSettings & object); // an interface has no index signature

/** Every setting of a command, with its reader. */
export const COMMAND_SETTINGS = {
  roleArn: (field, value) => readRoleArn(field, value),
  roleSessionName: (field, value) => readText(field, value, ROLE_SESSION_NAME),
  roleSessionDuration: (field, value) =>
    readInteger(field, value, ROLE_SESSION_DURATION.min, ROLE_SESSION_DURATION.max, "seconds"),
  region: readRegion,
} satisfies SettingsTable<keyof CommandSettings>;

export const COMMAND_KEYS = Object.keys(COMMAND_SETTINGS) as readonly (keyof CommandSettings)[];

/** Only the instance can set it. In a command it is an error: ignoring it would change which roles act. */
const SOURCE_ROLE = "sourceRole";
/** A cheap pre-check that rules out most arguments: every setting starts with r or s, and lookalikes are not ASCII. */
const MAY_BE_MEANT = /^[^a-z0-9]*[rs]|[^\0-\x7f]/i;
const findLookalike = createMisspellingLookup([...COMMAND_KEYS, SOURCE_ROLE]);

/** The command's setting that an argument misspells. */
function findMeant(owner: string, name: string): string | undefined {
  if (!MAY_BE_MEANT.test(name)) return undefined;
  const meant = name === SOURCE_ROLE ? name : findLookalike(name);
  if (meant !== SOURCE_ROLE) return meant;
  const hint = "Leave it out, or rename the argument: a command can choose its role, but not the source role.";
  throw conflict(pathOf(owner, name), "can be set only in the instance", hint);
}

/** Picks the settings from a command's arguments, without validating them. */
export function pickCommandSettings(command: unknown, owner = "command"): Record<keyof CommandSettings, unknown> {
  const overrides = isGiven(command) ? readRecord(owner, command, "an object of the command's arguments") : {};
  assertNoMisspelling(owner, overrides, (name) => findMeant(owner, name));
  return {
    roleArn: readSetting(owner, overrides, "roleArn"),
    roleSessionName: readSetting(owner, overrides, "roleSessionName"),
    roleSessionDuration: readSetting(owner, overrides, "roleSessionDuration"),
    region: readSetting(owner, overrides, "region"),
  };
}

const readSettings = createSettingsReader(COMMAND_SETTINGS);

export function readCommand(command: unknown, owner = "command") {
  return readSettings(owner, isGiven(command) ? pickCommandSettings(command, owner) : command);
}
