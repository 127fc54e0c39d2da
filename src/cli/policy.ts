import type { CommandGroup } from "./command.js";

export const command: CommandGroup = {
  about: ["Prints an IAM policy document for the setup, with warnings on stderr. Makes no calls to AWS."],
  commands: {
    identity: {
      summary: "The permissions of the machine's role: the roles it may assume.",
      load: () => import("./policy/identity.js"),
    },
    trust: { summary: "The trust policy of a role to assume.", load: () => import("./policy/trust.js") },
    "ec2-trust": {
      summary: "The trust policy of the machine's role, which lets EC2 assume it.",
      load: () => import("./policy/ec2-trust.js"),
    },
    "ecs-trust": { summary: "The trust policy of an ECS task's role.", load: () => import("./policy/ecs-trust.js") },
    "lambda-trust": {
      summary: "The trust policy of a Lambda function's execution role.",
      load: () => import("./policy/lambda-trust.js"),
    },
    "pod-identity-trust": {
      summary: "The trust policy of a pod's role, for EKS Pod Identity.",
      load: () => import("./policy/pod-identity-trust.js"),
    },
    "irsa-trust": {
      summary: "The trust policy of a pod's role, for its service account's OIDC token (IRSA).",
      load: () => import("./policy/irsa-trust.js"),
    },
    permissions: {
      summary: "The permissions of the role that commands act as.",
      load: () => import("./policy/permissions.js"),
    },
  },
};
