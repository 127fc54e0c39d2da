import { COMMAND_KEYS, type CommandOverrides, readCommand } from "../request/command-overrides.js";
import { isGiven, withoutUndefined } from "../request/validation.js";
import { Parameters } from "./params.js";

/** The arguments of a command, as the platform passes them. `""`, `null` and `undefined` mean not set. */
export type XsoarArgs = CommandOverrides;

/**
 * Reads the overrides of a Cortex XSOAR command from its raw arguments (`demisto.args()`): `roleArn`,
 * `roleSessionName`, `roleSessionDuration` and `region`. Each is optional. All other arguments are ignored.
 * @throws RolecallError `INVALID_REQUEST`; `field` names the argument, such as `args.roleArn`
 */
export function commandFromArgs(args?: XsoarArgs | null): CommandOverrides {
  if (!isGiven(args)) return {};
  const given = new Parameters("args", args, "an object of the command's arguments");
  given.assertNoMisspelling(COMMAND_KEYS);
  const settings = Object.fromEntries(COMMAND_KEYS.map((key) => [key, given.get(key).value]));
  const { roleArn: role, ...others } = readCommand(settings, "args");
  return withoutUndefined({ roleArn: role?.arn, ...others });
}
