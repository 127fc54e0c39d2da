import { ACTIONS, type PolicyQuestion, type Statement } from "./iam-policy.js";
import type { IssuedKeys } from "./issued-sessions.js";

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
}

/** What the caller is not authorized to perform, and which of its or the role's policies is in the way. */
export interface Denial {
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
export function denialOf(question: TrustQuestion): Denial | undefined {
  const context = contextOf(question);
  for (const action of neededActions(question)) {
    const denial = denialOfAction(question, { action, roleArn: question.roleArn, context });
    if (denial) return { action, ...denial };
  }
  return undefined;
}

function neededActions({ tagged, sourceIdentity }: TrustQuestion): readonly string[] {
  const [assumeRole, tagSession, setSourceIdentity] = ACTIONS;
  return [assumeRole, ...(tagged ? [tagSession] : []), ...(sourceIdentity === undefined ? [] : [setSourceIdentity])];
}

function denialOfAction(
  { caller, roleArn, permissions, trust = [] }: TrustQuestion,
  asked: PolicyQuestion,
): Omit<Denial, "action"> | undefined {
  const own = permissions.filter((statement) => statement.covers(asked));
  const trusting = trust.filter((statement) => reachOf(statement, caller) !== undefined && statement.covers(asked));
  if (own.some(isDeny)) return { policy: "identity-based policy", isExplicit: true };
  if (trusting.some(isDeny)) return { policy: "role trust policy", isExplicit: true };
  const isNamedAtHome =
    caller.identity.accountId === roleArn.split(":")[4] &&
    trusting.some((statement) => reachOf(statement, caller) === "caller");
  if (own.length === 0 && !isNamedAtHome) return { policy: "identity-based policy", isExplicit: false };
  return trusting.length === 0 ? { policy: "role trust policy", isExplicit: false } : undefined;
}

function isDeny({ effect }: Statement): boolean {
  return effect === "Deny";
}

/** Whether a statement of a trust policy names the caller itself, or only all of its account or everyone. */
function reachOf({ principals }: Statement, { identity }: IssuedKeys): "caller" | "account" | undefined {
  const ids = principals.filter(({ type }) => type === "AWS").map(({ id }) => id);
  if (ids.some((id) => id === identity.arn || id === identity.roleArn)) return "caller";
  const root = `arn:${identity.arn.split(":")[1]}:iam::${identity.accountId}:root`;
  return ids.some((id) => id === "*" || id === root || id === identity.accountId) ? "account" : undefined;
}

function contextOf({ caller, roleSessionName, externalId, sourceIdentity, tags, transitiveTagKeys }: TrustQuestion) {
  const { arn, roleArn = arn, accountId } = caller.identity;
  const context = new Map<string, readonly string[]>([
    ["sts:rolesessionname", [roleSessionName]],
    ["aws:principalarn", [roleArn]],
    ["aws:principalaccount", [accountId]],
  ]);
  if (externalId !== undefined) context.set("sts:externalid", [externalId]);
  if (sourceIdentity !== undefined) context.set("sts:sourceidentity", [sourceIdentity]);
  if (tags.size > 0) context.set("aws:tagkeys", [...tags.keys()]);
  if (transitiveTagKeys.length > 0) context.set("sts:transitivetagkeys", transitiveTagKeys);
  for (const [key, value] of tags) context.set(`aws:requesttag/${key.toLowerCase()}`, [value]);
  return context;
}
