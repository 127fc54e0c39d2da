import { type CommandOverrides, readCommand } from "../request/command-overrides.js";
import { isGiven, readRecord, withoutUndefined } from "../request/validation.js";

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
  const filledIn = Object.entries(readRecord("args", args, "an object of the command's arguments")).filter(
    ([, value]) => value !== "",
  );
  const { role, ...settings } = readCommand(Object.fromEntries(filledIn), "args");
  return withoutUndefined({ roleArn: role?.arn, ...settings });
}
