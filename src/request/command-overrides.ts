import { ROLE_SESSION_DURATION, ROLE_SESSION_NAME } from "./limits.js";
import { createMisspellingLookup, misspellingError } from "./misspelled-settings.js";
import { readRegion } from "./regions.js";
import { readRoleArn } from "./role-arn.js";
import { type ReadByTable, readByTable, type SettingsTable } from "./settings-table.js";
import { findName, isGiven, readInteger, readRecord, readSetting, readText } from "./validation.js";

/** What a command may say about its identity and region. `undefined` and `null` mean not given; an empty string is an error. */
export interface CommandSettings {
  /** The role this command acts as, instead of the instance's. */
  roleArn?: string | null | undefined;
  /** 2 to 64 of `[\w+=,.@-]`. */
  roleSessionName?: string | null | undefined;
  /** Seconds, 900 to 43200, a number or digits. */
  roleSessionDuration?: number | string | null | undefined;
  /** The region of the service that the command calls. */
  region?: string | null | undefined;
}

/**
 * A command's arguments, as the platform hands them over: exactly the four {@link CommandSettings} are read, every other
 * key belongs to the command and is ignored.
 */
export type CommandOverrides =
  | (CommandSettings & { readonly [argument: string]: unknown })
  | (CommandSettings & object); // an interface has no index signature

/** Every setting of a command, and how it is read. */
export const COMMAND_SETTINGS = {
  roleArn: (field, value) => readRoleArn(field, value),
  roleSessionName: (field, value) => readText(field, value, ROLE_SESSION_NAME),
  roleSessionDuration: (field, value) =>
    readInteger(field, value, ROLE_SESSION_DURATION.min, ROLE_SESSION_DURATION.max, "seconds"),
  region: readRegion,
} satisfies SettingsTable<keyof CommandSettings>;

export const COMMAND_KEYS = Object.keys(COMMAND_SETTINGS) as readonly (keyof CommandSettings)[];

/** All of a command's settings begin with an r. Most arguments are plain ASCII and do not: one test is all that they cost. */
const MAY_BE_COMMAND_KEY = /^[^a-z0-9]*r|[^\0-\x7f]/i;
const commandKeyLike = createMisspellingLookup(COMMAND_KEYS);

/** A misspelled setting would be ignored, and the command would run as a different identity. */
function assertNoMisspelledCommandKey(owner: string, command: object): void {
  const isLike = (key: string) => MAY_BE_COMMAND_KEY.test(key) && commandKeyLike(key) !== undefined;
  const key = findName(owner, command, isLike);
  if (key !== undefined) throw misspellingError(owner, key, commandKeyLike(key));
}

const NO_ARGUMENTS: Readonly<Record<string, unknown>> = {};

/** The settings among a command's arguments, unread. `owner`: what an error calls the arguments. */
export function pickCommandSettings(command: unknown, owner = "command"): Record<keyof CommandSettings, unknown> {
  const overrides = isGiven(command)
    ? readRecord(owner, command, "an object of the command's arguments")
    : NO_ARGUMENTS;
  assertNoMisspelledCommandKey(owner, overrides);
  return {
    roleArn: readSetting(owner, overrides, "roleArn"),
    roleSessionName: readSetting(owner, overrides, "roleSessionName"),
    roleSessionDuration: readSetting(owner, overrides, "roleSessionDuration"),
    region: readSetting(owner, overrides, "region"),
  };
}

export function readCommand(command: unknown, owner = "command"): ReadByTable<typeof COMMAND_SETTINGS> {
  return readByTable(owner, pickCommandSettings(command, owner), COMMAND_SETTINGS);
}
