import { machineTrustPolicy } from "../../policies/index.js";
import { defineCommand } from "../command.js";
import { FORMAT_OPTION, POLICY_EXIT_CODES, printPolicy } from "./print-policy.js";

export const command = defineCommand(
  {
    about: [
      "Prints the trust policy of a pod's role, which lets one service account of an EKS cluster assume it with its OIDC " +
        "token (IRSA).",
      "Identify the cluster with --provider, or with --issuer and --principal.",
    ],
    options: {
      provider: { value: "<arn>", help: "The cluster's OIDC provider in IAM.", excludes: ["issuer"] },
      issuer: { value: "<url>", help: "The cluster's issuer URL." },
      namespace: { value: "<name>", help: "The service account's namespace; may contain * and ?.", required: true },
      "service-account": { value: "<name>", help: "The service account's name; may contain * and ?.", required: true },
      audience: { value: "<audience>", help: "The audience of the token. Default: sts.amazonaws.com." },
      principal: { value: "<arn>", help: "The pod's role, for --issuer, terraform and cloudformation." },
      ...FORMAT_OPTION,
    },
    exitCodes: POLICY_EXIT_CODES,
    examples: [
      "npx aws-rolecall policy irsa-trust --principal arn:aws:iam::111122223333:role/integration-pod --issuer https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE --namespace integrations --service-account inventory",
    ],
  },
  async ({ values }, io) => {
    const { principal, provider, issuer, audience, namespace, "service-account": serviceAccount } = values;
    const options = { principal, provider, issuer, audience, namespace, serviceAccount };
    return printPolicy(machineTrustPolicy({ machine: "irsa", ...options }), values.format, io);
  },
);
