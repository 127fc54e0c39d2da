import { identityPolicy } from "../../policies/index.js";
import { defineCommand } from "../command.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";
import { readSourceOptions, SOURCE_OPTIONS } from "./source-options.js";

export const command = defineCommand(
  {
    about: [
      "Prints the permissions of the machine's role: the roles it may assume, as ARNs or patterns. Default: the roles in " +
        "--config.",
      "With sourceRole in --config, the machine's role may assume only that role. To print the permissions of the source " +
        "role, name it with --principal. With accounts, the document includes the roles there. To print the permissions " +
        "of one of them, name it with --principal.",
    ],
    arguments: { name: "<role>", field: "roles", max: Number.POSITIVE_INFINITY },
    options: {
      variant: {
        value: "<variant>",
        choices: ["listed-roles", "any-role", "own-permissions"],
        help: "listed-roles, any-role, or own-permissions to assume no role.",
        default: "listed-roles",
      },
      action: {
        value: "<action>",
        field: "actions",
        help: "With own-permissions: an action that commands use.",
        multiple: true,
      },
      principal: { value: "<arn>", help: "The role that the document is for. Default: the machine's role." },
      ...SOURCE_OPTIONS,
      config: { ...SOURCE_OPTIONS.config, excludes: ["<role>"] },
      partition: { value: "<partition>", help: "The partition if no ARN names it, such as aws-cn. Default: aws." },
      ...FORMAT_OPTION,
    },
    exitCodes: POLICY_EXIT_CODES,
    examples: [
      "npx aws-rolecall policy identity arn:aws:iam::123456789012:role/Inventory 'arn:aws:iam::444455556666:role/scan-*'",
      "npx aws-rolecall policy identity --variant own-permissions --action ec2:DescribeInstances --action ec2:DescribeRegions",
    ],
  },
  async ({ values, arguments: roles }, io) => {
    const { variant, action: actions, principal, partition } = values;
    const source = readSourceOptions(values, io.stderr);
    const policy = identityPolicy({
      ...source,
      ...(roles.length > 0 && { roles }),
      variant,
      actions,
      principal,
      partition,
    });
    return printPolicy(policy, values.format, io);
  },
);
