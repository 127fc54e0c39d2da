import { COMMAND_KEYS, type CommandOverrides, readCommand } from "../request/command-overrides.js";
import { isGiven, withoutUndefined } from "../request/validation.js";
import { Parameters } from "./params.js";

/** A command's arguments as the platform hands them over. `""`, `null` and `undefined`: not given. */
export type XsoarArgs = CommandOverrides;

/**
 * What a command in Cortex XSOAR says of its identity and region, from its arguments as they come (`demisto.args()`):
 * `roleArn`, `roleSessionName`, `roleSessionDuration` and `region`, each on its own. All other arguments are the
 * command's.
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
