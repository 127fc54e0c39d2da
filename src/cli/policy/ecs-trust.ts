import { machineTrustPolicy } from "../../policies/index.js";
import { defineCommand } from "../command.js";
import { adviseOnRegion } from "../known-regions.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";

export const command = defineCommand(
  {
    about: ["Prints the trust policy of a task's role, which lets ECS tasks in the role's account assume it."],
    options: {
      principal: { value: "<arn>", help: "The task's role.", required: true },
      region: { value: "<region>", help: "The region of the tasks. Default: any region." },
      ...FORMAT_OPTION,
    },
    exitCodes: POLICY_EXIT_CODES,
    examples: [
      "npx aws-rolecall policy ecs-trust --principal arn:aws:iam::111122223333:role/integration-task --region eu-central-1",
    ],
  },
  async ({ values: { principal, region, format } }, io) => {
    const code = printPolicy(machineTrustPolicy({ machine: "ecs", principal, region }), format, io);
    const advice = region && adviseOnRegion(region);
    if (advice) io.stderr.write(`warning: the region ${region} is unknown to this release. ${advice}\n`);
    return code;
  },
);
