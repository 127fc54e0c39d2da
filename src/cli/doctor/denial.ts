/** What AWS's message of an AccessDenied tells. */
export interface Denial {
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

/**
 * Reads the message of an AccessDenied, worded as in
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function readDenial(message: string): Denial {
  const action = /not authorized to perform:\s*([\w-]+:\w+)/.exec(message)?.[1] ?? "sts:AssumeRole";
  const explicit = /with an explicit deny in (?:an?|the) ([\w -]+)/.exec(message)?.[1];
  const implicit = /because no ([\w -]+?) allows the /.exec(message)?.[1];
  return { action, policy: toPolicyType(explicit ?? implicit), explicit: explicit !== undefined };
}

/** AWS writes "sessions policy" as well, and adds the way that a policy came by. */
function toPolicyType(words = ""): PolicyType | undefined {
  const normal = words.replace("sessions policy", "session policy").toLowerCase();
  return POLICY_TYPES.find((type) => normal.startsWith(type.toLowerCase()));
}
