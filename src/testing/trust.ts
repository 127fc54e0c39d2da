import { ACTIONS, type PolicyQuestion, type Statement } from "./iam-policy.js";
import { findReach } from "./iam-principal.js";
import type { IssuedKeys } from "./issued-sessions.js";
import { buildRequestContext, type Surroundings } from "./request-context.js";

/** One AssumeRole call, as far as authorization looks at it. */
export interface TrustQuestion {
  caller: IssuedKeys;
  /** What the caller's own policy says. */
  permissions: readonly Statement[];
  roleArn: string;
  roleSessionName: string;
  /** What the role's trust policy says; `undefined` if there is no role with that ARN. */
  trust: readonly Statement[] | undefined;
  externalId?: string | undefined;
  /** Set in the call, or inherited from the caller's session. */
  sourceIdentity?: string | undefined;
  /** Set in the call. */
  tags: ReadonlyMap<string, string>;
  transitiveTagKeys: readonly string[];
  /** Whether there are tags, set in the call or inherited from the caller's session. */
  tagged: boolean;
  surroundings: Surroundings;
}

/** What the caller is not authorized to perform, and which of its or the role's policies is in the way. */
export interface TrustDenial {
  action: string;
  /** In the words of AWS's messages. */
  policy: "identity-based policy" | "role trust policy";
  /** Whether that policy denies it. Otherwise it does not allow it. */
  isExplicit: boolean;
}

/**
 * Why the caller may not assume the role, or `undefined` if it may. A role that does not exist has no trust policy that
 * could allow it.
 *
 * As in IAM, a denial in either policy decides. Otherwise both have to allow it, but for one case: within one account a
 * trust policy that names the caller's role, user or session needs no permission of the caller's own. One that names the
 * account does, and so does `*`, where the local AWS may be stricter than IAM.
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
