import { readRoleArn } from "../request/role-arn.js";
import { conflict, readSettings } from "../request/validation.js";
import { DEFAULT_PARTITION, ec2ServicePrincipal, readPartition } from "./partition.js";
import { type SetupPolicy, toDocument } from "./policy-document.js";

/** Options of {@link ec2TrustPolicy}. */
export interface Ec2TrustPolicyOptions {
  /**
   * The ARN of the machine's role. Required for Terraform and CloudFormation, which create the role and instance
   * profile.
   */
  principal?: string | null | undefined;
  /** Default: the partition of `principal`, or `aws`. */
  partition?: string | null | undefined;
}

/**
 * Creates the trust policy of the machine's role, which lets EC2 assume it for the machine.
 * @throws RolecallError `INVALID_REQUEST` naming the invalid option
 */
export function ec2TrustPolicy(options: Ec2TrustPolicyOptions = {}): SetupPolicy {
  const settings = readSettings("options", options, ["principal", "partition"]);
  const role = readRoleArn("principal", settings.principal);
  const arns = role ? [{ field: "principal", arn: role.arn }] : [];
  const partition = readPartition(settings.partition, arns) ?? DEFAULT_PARTITION;
  const Service = ec2ServicePrincipal(partition);
  if (Service === undefined) {
    throw conflict(
      "partition",
      `is ${partition}, and its EC2 service principal is not known`,
      "Look up the EC2 service principal in the documentation of that partition, and write the document by hand.",
    );
  }
  const document = toDocument([{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }]);
  return { kind: "ec2-trust", document, roleArn: role?.arn, partition, warnings: [] };
}
