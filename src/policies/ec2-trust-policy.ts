import { readSettings } from "../request/validation.js";
import { trustOfMachine } from "./machine-trust-policy.js";
import type { SetupPolicy } from "./policy-document.js";

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
 * Creates the trust policy of the machine's role, which lets EC2 assume it for the machine. Short for
 * `machineTrustPolicy({ machine: "ec2" })`.
 * @throws RolecallError `INVALID_REQUEST` naming the invalid option
 */
export function ec2TrustPolicy(options: Ec2TrustPolicyOptions = {}): SetupPolicy {
  return trustOfMachine("ec2", readSettings("options", options, ["principal", "partition"]));
}
