import { readDenial } from "./denial.js";
import { findCallerArn, type Observations, type RoleSeen } from "./observations.js";

/** The identity that assumes a role, and what messages call the two. */
export interface Caller {
  readonly name: "the base identity" | "the source role";
  readonly roleName: "the source role" | "this role";
  /** The ARN of its session, role or user; `undefined` if AWS does not name it. */
  readonly arn: string | undefined;
  /** The other roles that it assumes. */
  readonly others: readonly RoleSeen[];
}

export function findCaller(role: RoleSeen, { sts, sourceRole, roles }: Observations): Caller {
  if (sourceRole && role !== sourceRole) {
    return { name: "the source role", roleName: "this role", arn: sourceRole.roleArn, others: roles };
  }
  const arn = (sts && findCallerArn(sts)) ?? (role.assumed?.error && readDenial(role.assumed.error).caller);
  if (sourceRole) return { name: "the base identity", roleName: "the source role", arn, others: [] };
  return { name: "the base identity", roleName: "this role", arn, others: roles };
}
