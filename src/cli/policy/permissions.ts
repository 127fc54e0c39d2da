import { type CommandPermissions, commandPolicy, permissionsTable, rolePermissions } from "../../policies/index.js";
import { defineCommand, UsageError } from "../command.js";
import { readJsonFile } from "../json-file.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";

const EXPECTED = "--commands takes a JSON file with what each command needs.";

export const command = defineCommand(
  {
    about: [
      "Prints the permissions of the role that commands act as, based on what each command needs. Warns about " +
        "permissions that are too broad. If the document is too large, the warning says how to split the commands " +
        "between documents.",
      "With --command, prints the session policy of that command, as commandPolicy in aws-rolecall/policies returns it.",
    ],
    options: {
      commands: {
        value: "<file>",
        help:
          'What each command needs, in JSON: { "<command>": [...] }. An item is an action, such as ' +
          '"ec2:DescribeInstances", or { "actions": [...], "resources": [...] }.',
        required: true,
      },
      command: {
        value: "<name>",
        field: "name",
        help: "One of the commands, to print its session policy.",
        excludes: ["principal", "format=terraform", "format=cloudformation", "format=markdown"],
      },
      principal: {
        value: "<arn>",
        field: "role",
        help: "The role that commands act as. terraform and cloudformation need it.",
        excludes: ["format=markdown"],
      },
      format: {
        ...FORMAT_OPTION.format,
        choices: [...FORMAT_OPTION.format.choices, "markdown"],
        help: "json, terraform, cloudformation, or markdown for a table of the commands.",
      },
    },
    exitCodes: { ...POLICY_EXIT_CODES, 1: "A command, permission or role is invalid." },
    examples: [
      "npx aws-rolecall policy permissions --commands commands.json --principal arn:aws:iam::123456789012:role/Inventory",
      "npx aws-rolecall policy permissions --commands commands.json --command stop-instances",
    ],
  },
  async ({ values: { commands: file, command: name, principal: role, format } }, io) => {
    const commands = readJsonFile(file, EXPECTED).value as CommandPermissions;
    if (name !== undefined) {
      io.stdout.write(`${JSON.stringify(commandPolicy(commands, name), null, 2)}\n`);
      return 0;
    }
    if (format === "markdown") {
      io.stdout.write(permissionsTable(commands));
      return 0;
    }
    if (format !== "json" && role === undefined) {
      throw new UsageError(`rolecall policy permissions needs --principal <arn> with --format ${format}.`);
    }
    return printPolicy(rolePermissions(commands, { role }), format, io);
  },
);
