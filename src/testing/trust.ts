import { ACTIONS, type PolicyQuestion, type Statement } from "./iam-policy.js";
import { findReach, reaches } from "./iam-principal.js";
import type { IssuedKeys } from "./issued-sessions.js";
import { buildRequestContext, type Surroundings } from "./request-context.js";

/** The parts of an AssumeRole call that decide authorization. */
export interface TrustQuestion {
  caller: IssuedKeys;
  /** The caller's own policy. */
  permissions: readonly Statement[];
  roleArn: string;
  roleSessionName: string;
  /** The role's trust policy; `undefined` if the role does not exist. */
  trust: readonly Statement[] | undefined;
  externalId?: string | undefined;
  /** Set in the call, or inherited from the caller's session. */
  sourceIdentity?: string | undefined;
  /** Set in the call. */
  tags: ReadonlyMap<string, string>;
  transitiveTagKeys: readonly string[];
  /** Whether the session has tags, set in the call or inherited from the caller's session. */
  tagged: boolean;
  surroundings: Surroundings;
}

/** The denied action, and the policy that denies it. */
export interface TrustDenial {
  action: string;
  /** As AWS spells it in its messages. */
  policy: "identity-based policy" | "session policy" | "role trust policy";
  /** Whether a Deny statement decided, rather than a missing Allow. */
  isExplicit: boolean;
}

/**
 * Why the caller may not assume the role; `undefined` if it may. Nobody may assume a role that does not exist.
 *
 * As in IAM, a Deny in any policy decides. Otherwise the caller's own policy, its session policies and the trust policy
 * must all allow the call, with two exceptions within an account. A trust policy that names the caller's role or user
 * replaces the caller's own policy. A trust policy that names the caller's session also replaces the session policies.
 * Naming the account or `*` replaces neither. For `*`, this may be stricter than IAM.
 */
export function findDenial(question: TrustQuestion): TrustDenial | undefined {
  const context = buildRequestContext(question);
  for (const action of neededActions(question)) {
    const denial = findActionDenial(question, { action, roleArn: question.roleArn, context });
    if (denial) return { action, ...denial };
  }
  return undefined;
}

function neededActions({ tagged, sourceIdentity }: TrustQuestion): readonly string[] {
  const [assumeRole, tagSession, setSourceIdentity] = ACTIONS;
  return [assumeRole, ...(tagged ? [tagSession] : []), ...(sourceIdentity === undefined ? [] : [setSourceIdentity])];
}

function findActionDenial(
  { caller, roleArn, permissions, trust = [] }: TrustQuestion,
  asked: PolicyQuestion,
): Omit<TrustDenial, "action"> | undefined {
  const { identity, sessionPolicies } = caller;
  const own = permissions.filter((statement) => statement.covers(asked));
  const session = sessionPolicies?.statements.filter((statement) => statement.covers(asked));
  const trusting = trust.filter(
    (statement) => findReach(statement.principals, identity) !== undefined && statement.covers(asked),
  );
  if (own.some(isDeny)) return { policy: "identity-based policy", isExplicit: true };
  if (session?.some(isDeny)) return { policy: "session policy", isExplicit: true };
  if (trusting.some(isDeny)) return { policy: "role trust policy", isExplicit: true };

  const isAtHome = identity.accountId === roleArn.split(":")[4];
  const named = isAtHome ? trusting.map(({ principals }) => findReach(principals, identity)) : [];
  const isSessionNamed = named.includes("session");
  const isNamed = isSessionNamed || named.includes("caller");
  if (own.length === 0 && !isNamed) return { policy: "identity-based policy", isExplicit: false };
  if (session?.length === 0 && !isSessionNamed) return { policy: "session policy", isExplicit: false };
  return trusting.length === 0 ? { policy: "role trust policy", isExplicit: false } : undefined;
}

/**
 * Whether a trust policy lets a principal without an account act: an AWS service or an identity provider. Only the trust
 * policy decides, because such principals have no policy.
 */
export function trusts(
  trust: readonly Statement[],
  kind: "Service" | "Federated",
  name: string | undefined,
  asked: PolicyQuestion,
): boolean {
  const reaching = trust.filter((statement) => reaches(statement.principals, kind, name) && statement.covers(asked));
  return reaching.length > 0 && !reaching.some(isDeny);
}

function isDeny({ effect }: Statement): boolean {
  return effect === "Deny";
}
