import { ec2TrustPolicy } from "../../policies/index.js";
import { defineCommand } from "../command.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";

export const command = defineCommand(
  {
    about: ["Prints the trust policy of the machine's role, which lets EC2 assume it."],
    options: {
      principal: { value: "<arn>", help: "The machine's role, for terraform and cloudformation." },
      partition: { value: "<partition>", help: "The partition if --principal is not given. Default: aws." },
      ...FORMAT_OPTION,
    },
    exitCodes: POLICY_EXIT_CODES,
    examples: [
      "npx aws-rolecall policy ec2-trust --principal arn:aws-cn:iam::111122223333:role/integration-host --format terraform",
    ],
  },
  async ({ values: { principal, partition, format } }, io) => {
    return printPolicy(ec2TrustPolicy({ principal, partition }), format, io);
  },
);
