import { ACTIONS, type PolicyQuestion, type Statement } from "./iam-policy.js";
import { findReach } from "./iam-principal.js";
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
  policy: "identity-based policy" | "role trust policy";
  /** Whether a Deny statement decided, rather than a missing Allow. */
  isExplicit: boolean;
}

/**
 * Why the caller may not assume the role; `undefined` if it may. Nobody may assume a role that does not exist.
 *
 * As in IAM, a Deny in either policy decides. Otherwise both policies must allow the call, with one exception: within
 * an account, a trust policy that names the caller's role, user or session is enough. A trust policy that names the
 * account or `*` is not enough. For `*`, this may be stricter than IAM.
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
  const own = permissions.filter((statement) => statement.covers(asked));
  const trusting = trust.filter(
    (statement) => findReach(statement.principals, caller.identity) !== undefined && statement.covers(asked),
  );
  if (own.some(isDeny)) return { policy: "identity-based policy", isExplicit: true };
  if (trusting.some(isDeny)) return { policy: "role trust policy", isExplicit: true };
  const isNamedAtHome =
    caller.identity.accountId === roleArn.split(":")[4] &&
    trusting.some((statement) => findReach(statement.principals, caller.identity) === "caller");
  if (own.length === 0 && !isNamedAtHome) return { policy: "identity-based policy", isExplicit: false };
  return trusting.length === 0 ? { policy: "role trust policy", isExplicit: false } : undefined;
}

function isDeny({ effect }: Statement): boolean {
  return effect === "Deny";
}
