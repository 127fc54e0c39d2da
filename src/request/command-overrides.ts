import { ROLE_SESSION_DURATION, ROLE_SESSION_NAME } from "./limits.js";
import { assertNoMisspelledCommandKey } from "./misspelled-settings.js";
import { readRegion } from "./regions.js";
import { readRoleArn } from "./role-arn.js";
import { isGiven, readInteger, readRecord, readSetting, readText } from "./validation.js";

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

const NO_ARGUMENTS: Readonly<Record<string, unknown>> = {};

/** The settings among a command's arguments, unread. `owner`: what an error calls the arguments. */
export function pickCommandSettings(command: unknown, owner = "command"): CommandSettings {
  const overrides = isGiven(command)
    ? readRecord(owner, command, "an object of the command's arguments")
    : NO_ARGUMENTS;
  assertNoMisspelledCommandKey(owner, overrides);
  return {
    roleArn: readSetting(owner, overrides, "roleArn"),
    roleSessionName: readSetting(owner, overrides, "roleSessionName"),
    roleSessionDuration: readSetting(owner, overrides, "roleSessionDuration"),
    region: readSetting(owner, overrides, "region"),
  } as CommandSettings;
}

export function readCommand(command: unknown, owner = "command") {
  const overrides = pickCommandSettings(command, owner);
  return {
    role: readRoleArn(`${owner}.roleArn`, overrides.roleArn),
    roleSessionName: readText(`${owner}.roleSessionName`, overrides.roleSessionName, ROLE_SESSION_NAME),
    roleSessionDuration: readInteger(
      `${owner}.roleSessionDuration`,
      overrides.roleSessionDuration,
      ROLE_SESSION_DURATION.min,
      ROLE_SESSION_DURATION.max,
      "seconds",
    ),
    region: readRegion(`${owner}.region`, overrides.region),
  };
}
