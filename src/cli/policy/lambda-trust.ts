import { machineTrustPolicy } from "../../policies/index.js";
import { defineCommand } from "../command.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";

export const command = defineCommand(
  {
    about: ["Prints the trust policy of a function's execution role, which lets Lambda assume it."],
    options: {
      principal: { value: "<arn>", help: "The execution role, for terraform and cloudformation." },
      partition: { value: "<partition>", help: "The partition if --principal is not given. Default: aws." },
      ...FORMAT_OPTION,
    },
    exitCodes: POLICY_EXIT_CODES,
    examples: [
      "npx aws-rolecall policy lambda-trust --principal arn:aws:iam::111122223333:role/integration-function --format terraform",
    ],
  },
  async ({ values: { principal, partition, format } }, io) => {
    return printPolicy(machineTrustPolicy({ machine: "lambda", principal, partition }), format, io);
  },
);
