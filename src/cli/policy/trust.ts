import { trustPolicy } from "../../policies/index.js";
import { defineCommand, UsageError } from "../command.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";
import { readSourceOptions, SOURCE_OPTIONS } from "./source-options.js";

export const command = defineCommand(
  {
    about: [
      "Prints the trust policy of a role to assume. <role> is its ARN. Default: the roleArn in --config. For a role in " +
        "accounts, the terraform and cloudformation formats also grant the permission that the library needs.",
    ],
    arguments: { name: "<role>", field: "role", max: 1 },
    options: {
      principal: {
        value: "<arn>",
        help:
          "Who may assume the role: the role of the machine, container or function, or an IAM user with static keys. " +
          "Default: the sourceRole in --config.",
        multiple: true,
      },
      "external-id": {
        value: "<id>",
        help: "The external id that the role requires. If you pass several, the role accepts any of them. Default: the one in --config.",
        multiple: true,
      },
      "account-root": {
        help:
          "Trusts the account of --principal, with --principal as a condition. You can then save the policy before that " +
          "role exists, and the policy stays valid if you re-create the role.",
      },
      ...SOURCE_OPTIONS,
      ...FORMAT_OPTION,
    },
    exitCodes: POLICY_EXIT_CODES,
    examples: [
      "npx aws-rolecall policy trust --config instance.json --principal arn:aws:iam::111122223333:role/integration-host",
    ],
  },
  async ({ values, arguments: [role] }, io) => {
    const { principal, config, "external-id": externalId, "account-root": accountRoot } = values;
    if (principal === undefined && config === undefined) {
      throw new UsageError("rolecall policy trust needs --principal <arn>, or --config with a sourceRole.");
    }
    const source = readSourceOptions(values, io.stderr);
    return printPolicy(trustPolicy({ ...source, principal, role, externalId, accountRoot }), values.format, io);
  },
);
