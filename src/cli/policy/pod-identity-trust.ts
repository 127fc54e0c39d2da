import { machineTrustPolicy } from "../../policies/index.js";
import { defineCommand } from "../command.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";

export const command = defineCommand(
  {
    about: [
      "Prints the trust policy of a pod's role, which lets EKS Pod Identity assume it for pods that have an association.",
      "The cluster, the namespace and the service account are conditions on the session tags that EKS sets. Leave them " +
        "out if an association disables its session tags.",
    ],
    options: {
      principal: { value: "<arn>", help: "The pod's role, for terraform and cloudformation." },
      "cluster-arn": { value: "<arn>", help: "The only cluster whose pods may use the role. Default: any cluster." },
      namespace: { value: "<name>", help: "The only namespace; may contain * and ?. Default: any namespace." },
      "service-account": {
        value: "<name>",
        help: "The only service account; may contain * and ?. Default: any service account.",
      },
      partition: { value: "<partition>", help: "The partition if no ARN names it. Default: aws." },
      ...FORMAT_OPTION,
    },
    exitCodes: POLICY_EXIT_CODES,
    examples: ["npx aws-rolecall policy pod-identity-trust --namespace integrations --service-account inventory"],
  },
  async ({ values }, io) => {
    const { principal, "cluster-arn": clusterArn, namespace, "service-account": serviceAccount, partition } = values;
    const options = { principal, clusterArn, namespace, serviceAccount, partition };
    return printPolicy(machineTrustPolicy({ machine: "pod-identity", ...options }), values.format, io);
  },
);
