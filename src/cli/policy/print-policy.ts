import { formatPolicy, type SetupPolicy } from "../../policies/index.js";
import type { CliIo, OptionSpecs } from "../command.js";

export const FORMAT_OPTION = {
  format: {
    value: "<format>",
    choices: ["json", "terraform", "cloudformation"],
    help: "json, terraform or cloudformation. The last two need the ARN of the role that the document is for.",
    default: "json",
  },
} as const satisfies OptionSpecs;

export const POLICY_EXIT_CODES = {
  0: "The document is printed.",
  1: "A role, setting or value is invalid.",
  2: "The command line, or a file that it names, is invalid.",
} as const;

/** @returns the exit code */
export function printPolicy(
  policy: SetupPolicy,
  format: (typeof FORMAT_OPTION.format.choices)[number],
  { stdout, stderr }: CliIo,
): number {
  stdout.write(formatPolicy(policy, format));
  for (const { message } of policy.warnings) stderr.write(`warning: ${message}\n`);
  return 0;
}
