import type { RolecallError } from "../../errors.js";

/** The facts in an AccessDenied message from AWS. */
export interface Denial {
  /** The caller's ARN; `undefined` if AWS does not say. */
  readonly caller: string | undefined;
  /** The action that was not allowed, such as `sts:AssumeRole` or `sts:TagSession`. */
  readonly action: string;
  /** The type of policy that decided; `undefined` if AWS does not say, for example across organizations. */
  readonly policy: PolicyType | undefined;
  /** Whether a Deny statement decided, rather than a missing Allow. */
  readonly explicit: boolean;
}

/** Each type of policy, as AWS spells it in its messages, and where to find it. */
const LOCATIONS = {
  "identity-based policy": "IAM in the caller's account, its own policies",
  "role trust policy": "IAM in the role's account, the role's trust relationships",
  "resource-based policy": "IAM in the role's account, the role's trust relationships",
  "service control policy": "AWS Organizations, the policies of the caller's account and its parents",
  "resource control policy": "AWS Organizations, the policies of the role's account and its parents",
  "permissions boundary": "IAM in the caller's account, its permissions boundary",
  "session policy": "The session policy of the caller's session",
  "VPC endpoint policy": "VPC, the policy of the interface endpoint for STS",
};

type PolicyType = keyof typeof LOCATIONS;
const POLICY_TYPES = Object.keys(LOCATIONS) as PolicyType[];

/** Where to find a policy. @param caller how to refer to the caller of STS, such as "the base identity" */
export function locatePolicy(policy: PolicyType, caller: string): string {
  return LOCATIONS[policy].replace("the caller", caller);
}

export function readDenial(error: RolecallError): Denial {
  return parseDenial(readAwsMessage(error));
}

/** The original message from AWS, which the library keeps in `cause`. */
export function readAwsMessage({ cause, message }: RolecallError): string {
  return cause instanceof Error ? cause.message : message;
}

/**
 * Parses an AccessDenied message, whose wording is documented at
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function parseDenial(message: string): Denial {
  const caller = /User: (arn:\S+) is not authorized/.exec(message)?.[1];
  const action = /not authorized to perform:\s*([\w-]+:\w+)/.exec(message)?.[1] ?? "sts:AssumeRole";
  const explicit = /with an explicit deny in (?:an?|the) ([\w -]+)/.exec(message)?.[1];
  const implicit = /because no ([\w -]+?) allows the /.exec(message)?.[1];
  return { caller, action, policy: toPolicyType(explicit ?? implicit), explicit: explicit !== undefined };
}

/** AWS also writes "sessions policy", and may append more words to the policy type. */
function toPolicyType(words = ""): PolicyType | undefined {
  const normal = words.replace("sessions policy", "session policy").toLowerCase();
  return POLICY_TYPES.find((type) => normal.startsWith(type.toLowerCase()));
}

/** The reason for a denial, as a clause of a sentence. */
export function describeDenial({ action, policy, explicit }: Denial): string {
  if (policy === undefined) return `${action} is denied, and AWS does not say which policy decided`;
  if (!explicit) return `no ${policy} allows ${action}`;
  return `a Deny statement in ${/^[aeiou]/.test(policy) ? "an" : "a"} ${policy} blocks ${action}`;
}
