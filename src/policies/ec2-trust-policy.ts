import { readRoleArn } from "../request/role-arn.js";
import { conflict, readSettings } from "../request/validation.js";
import { DEFAULT_PARTITION, ec2ServicePrincipal, readPartition } from "./partition.js";
import { type SetupPolicy, toDocument } from "./policy-document.js";

/** What {@link ec2TrustPolicy} takes. */
export interface Ec2TrustPolicyOptions {
  /** ARN of the machine's role. Terraform and CloudFormation need it, to make the role and its instance profile. */
  principal?: string | null | undefined;
  /** Default: that of `principal`, else `aws`. */
  partition?: string | null | undefined;
}

const OPTIONS = ["principal", "partition"] as const satisfies readonly (keyof Ec2TrustPolicyOptions)[];

/**
 * The trust policy of the machine's role: EC2 may hand its credentials to the machine.
 * @throws RolecallError `INVALID_REQUEST` naming the option that is wrong
 */
export function ec2TrustPolicy(options: Ec2TrustPolicyOptions = {}): SetupPolicy {
  const settings = readSettings("options", options, OPTIONS);
  const role = readRoleArn("principal", settings.principal);
  const arns = role ? [{ field: "principal", arn: role.arn }] : [];
  const partition = readPartition(settings.partition, arns) ?? DEFAULT_PARTITION;
  const Service = ec2ServicePrincipal(partition);
  if (Service === undefined) {
    throw conflict(
      "partition",
      `is ${partition}, whose name for EC2 is not known here`,
      "Look up EC2's service principal in that partition's own documentation, and write the document by hand.",
    );
  }
  const Principal = { Service };
  return {
    kind: "ec2-trust",
    document: toDocument([{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }]),
    roleArn: role?.arn,
    partition,
    warnings: [],
  };
}
