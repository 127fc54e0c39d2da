import { ROLE_SESSION_DURATION, ROLE_SESSION_NAME } from "./limits.js";
import { readRegion } from "./regions.js";
import { readRoleArn } from "./role-arn.js";
import { conflict, isGiven, pathOf, readInteger, readRecord, readText } from "./validation.js";

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

const KEYS: readonly string[] = ["roleArn", "roleSessionName", "roleSessionDuration", "region"];
const KEY_BY_SPELLING = new Map(KEYS.map((key) => [key.toLowerCase(), key]));

/** The settings among a command's arguments, unread. `owner`: what an error calls the arguments. */
export function pickCommandSettings(command: unknown, owner = "command"): CommandSettings {
  if (!isGiven(command)) return {};
  const overrides = readRecord(owner, command, "an object of the command's arguments");
  for (const key in overrides) assertNoMisspelling(owner, key);
  const { roleArn, roleSessionName, roleSessionDuration, region } = overrides as CommandSettings;
  return { roleArn, roleSessionName, roleSessionDuration, region };
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

/** `role_arn` or `RoleARN` would run the command as another identity than the one it names. `settings`: of these four. */
export function assertNoMisspelling(owner: string, key: string, settings = KEYS): void {
  if (settings.includes(key) || !/^[_-]*r/i.test(key)) return; // all settings begin with an r
  const right = KEY_BY_SPELLING.get(key.replace(/[_-]/g, "").toLowerCase());
  if (right !== undefined && settings.includes(right)) {
    throw conflict(pathOf(owner, key), `is not a setting, and reads like ${right}`, `Write it as ${right}.`);
  }
}
