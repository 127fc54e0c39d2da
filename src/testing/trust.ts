import type { IssuedKeys } from "./issued-sessions.js";
import { assertRoleArn } from "./role-identity.js";

/** A role that the local STS knows, with the parts of its trust policy and settings that STS acts on. */
export interface LocalRole {
  /** `arn:<partition>:iam::<12 digits>:role/<path/name>`. */
  roleArn: string;
  /**
   * Who may assume the role: role, user or session ARNs, `arn:aws:iam::<account>:root` for everyone in an account, or
   * `"*"`. Default: every role that has been attached as the instance profile.
   */
  trustedPrincipals?: readonly string[];
  /** The `sts:ExternalId` that the trust policy demands. Default: none; one that is sent all the same is ignored, as in AWS. */
  externalId?: string;
  /** The longest session in seconds, 3600 to 43200. Default 3600, as IAM's. */
  maxSessionDuration?: number;
  /** `Resource` list of the `sts:AssumeRole` permission that this role's sessions hold, with IAM's `*` and `?`. Default `[]`. */
  allowAssumeRole?: readonly string[];
  /** The values of `sts:SourceIdentity` that the trust policy accepts. Default: any, or none. */
  requiredSourceIdentity?: readonly string[];
  /** Whether the trust policy grants `sts:TagSession`. Default `true`. */
  allowTagSession?: boolean;
  /** Whether the trust policy grants `sts:SetSourceIdentity`. Default `true`. */
  allowSetSourceIdentity?: boolean;
}

/** One AssumeRole call, as far as authorization looks at it. */
export interface TrustQuestion {
  caller: IssuedKeys;
  /** `Resource` list of the caller's own `sts:AssumeRole` permission. */
  callerPermissions: readonly string[];
  roleArn: string;
  /** The role that is asked for, or `undefined` if there is none with that ARN. */
  role: LocalRole | undefined;
  /** Who is trusted by a role that names no one. */
  defaultTrustedPrincipals: readonly string[];
  externalId?: string | undefined;
  /** Set in the call, or inherited from the caller's session. */
  sourceIdentity?: string | undefined;
  /** Tags set in the call, or inherited from the caller's session. */
  tagged: boolean;
}

/** What the caller is not authorized to perform, and which of its or the role's policies would have to allow it. */
export interface Denial {
  action: string;
  /** In the words of AWS's messages. */
  policy: "identity-based policy" | "role trust policy";
}

/**
 * Why the caller may not assume the role, or `undefined` if it may. A role that does not exist has no trust policy that
 * could allow it.
 *
 * Stricter than IAM in one point: the caller's own permission is needed within one account too, where IAM is content
 * with a trust policy that names the caller.
 */
export function denialOf(question: TrustQuestion): Denial | undefined {
  const permitted = question.callerPermissions.some((pattern) => matchesResource(pattern, question.roleArn));
  if (!permitted) return { action: "sts:AssumeRole", policy: "identity-based policy" };
  const action = untrustedAction(question);
  return action === undefined ? undefined : { action, policy: "role trust policy" };
}

function untrustedAction({ role, ...question }: TrustQuestion): string | undefined {
  if (role === undefined) return "sts:AssumeRole";
  const { caller, externalId, sourceIdentity } = question;
  const principals = role.trustedPrincipals ?? question.defaultTrustedPrincipals;
  if (!principals.some((principal) => isPrincipal(principal, caller))) return "sts:AssumeRole";
  if (role.externalId !== undefined && role.externalId !== externalId) return "sts:AssumeRole";
  if (role.requiredSourceIdentity !== undefined && !role.requiredSourceIdentity.includes(sourceIdentity ?? "")) {
    return "sts:AssumeRole";
  }
  if (question.tagged && role.allowTagSession === false) return "sts:TagSession";
  if (sourceIdentity !== undefined && role.allowSetSourceIdentity === false) return "sts:SetSourceIdentity";
  return undefined;
}

/**
 * Whether an IAM `Resource` pattern covers an ARN: `*` is any run of characters, `/` included, and `?` exactly one.
 * Neither reaches across a `:`, except for the pattern `*` itself. Case counts.
 */
export function matchesResource(pattern: string, arn: string): boolean {
  if (pattern === "*") return true;
  const source = pattern.replace(/[\\^$.|+()[\]{}*?]/g, (character) =>
    character === "*" ? "[^:]*" : character === "?" ? "[^:]" : `\\${character}`,
  );
  return new RegExp(`^${source}$`, "s").test(arn);
}

export function assertLocalRole(role: LocalRole): LocalRole {
  assertRoleArn("role.roleArn", role.roleArn);
  const { maxSessionDuration: seconds } = role;
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 3600 && seconds <= 43_200)) {
    throw new RangeError(`role.maxSessionDuration must be 3600 to 43200 seconds, got ${seconds}`);
  }
  return structuredClone(role);
}

function isPrincipal(principal: string, { identity }: IssuedKeys): boolean {
  if (principal === "*" || principal === identity.arn || principal === identity.roleArn) return true;
  const root = /^arn:[\w-]+:iam::(\d{12}):root$/.exec(principal);
  return root?.[1] === identity.accountId;
}
