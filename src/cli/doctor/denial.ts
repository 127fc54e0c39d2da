import type { RolecallError } from "../../errors.js";

/** What AWS's message of an AccessDenied tells. */
export interface Denial {
  /** The ARN of whoever asked; `undefined` where AWS does not say. */
  readonly caller: string | undefined;
  /** The action that was not allowed, such as `sts:AssumeRole` or `sts:TagSession`. */
  readonly action: string;
  /** The kind of policy that decided; `undefined` where AWS does not say: between accounts of different organizations. */
  readonly policy: PolicyType | undefined;
  /** Whether a Deny statement decided, and not the lack of an Allow. */
  readonly explicit: boolean;
}

/** In the words of AWS's messages. */
const POLICY_TYPES = [
  "identity-based policy",
  "role trust policy",
  "resource-based policy",
  "service control policy",
  "resource control policy",
  "permissions boundary",
  "session policy",
  "VPC endpoint policy",
] as const;

export type PolicyType = (typeof POLICY_TYPES)[number];

/** Where each kind of policy is found. */
export const OWNERS: Record<PolicyType, string> = {
  "identity-based policy": "IAM in the base identity's account, its own policies",
  "role trust policy": "IAM in the role's account, the role's trust relationships",
  "resource-based policy": "IAM in the role's account, the role's trust relationships",
  "service control policy": "AWS Organizations, the policies of the account that asks, and of its parents",
  "resource control policy": "AWS Organizations, the policies of the role's account, and of its parents",
  "permissions boundary": "IAM in the base identity's account, its permissions boundary",
  "session policy": "The session policy that the base identity's session was made with",
  "VPC endpoint policy": "VPC, the policy of the interface endpoint for STS",
};

export function readDenial(error: RolecallError): Denial {
  return parseDenial(readAwsMessage(error));
}

/** AWS's message, which the library keeps as the cause. */
export function readAwsMessage({ cause, message }: RolecallError): string {
  return cause instanceof Error ? cause.message : message;
}

/**
 * Reads the message of an AccessDenied, worded as in
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function parseDenial(message: string): Denial {
  const caller = /User: (arn:\S+) is not authorized/.exec(message)?.[1];
  const action = /not authorized to perform:\s*([\w-]+:\w+)/.exec(message)?.[1] ?? "sts:AssumeRole";
  const explicit = /with an explicit deny in (?:an?|the) ([\w -]+)/.exec(message)?.[1];
  const implicit = /because no ([\w -]+?) allows the /.exec(message)?.[1];
  return { caller, action, policy: toPolicyType(explicit ?? implicit), explicit: explicit !== undefined };
}

/** AWS writes "sessions policy" as well, and adds the way that a policy came by. */
function toPolicyType(words = ""): PolicyType | undefined {
  const normal = words.replace("sessions policy", "session policy").toLowerCase();
  return POLICY_TYPES.find((type) => normal.startsWith(type.toLowerCase()));
}

/** What decided, as a clause. */
export function describeDenial({ action, policy, explicit }: Denial): string {
  if (policy === undefined) return `${action} is denied, and AWS does not say by which policy`;
  if (!explicit) return `no ${policy} allows ${action}`;
  return `a Deny statement in ${/^[aeiou]/.test(policy) ? "an" : "a"} ${policy} forbids ${action}`;
}
