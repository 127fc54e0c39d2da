import type { SignerIdentity } from "./issued-sessions.js";

/** Who is named in a trust policy. */
export interface Principal {
  readonly type: "AWS" | "Service" | "Federated";
  /** An ARN, a unique id, an account's id, a service's name, or `*`. */
  readonly id: string;
}

/** Whom a statement is about. */
export interface Principals {
  readonly named: readonly Principal[];
  /** Whether it is about everyone but the named ones: `NotPrincipal`. */
  readonly isException: boolean;
}

/** In the policy of a role or user, which is about whoever has it. */
export const NO_PRINCIPALS: Principals = { named: [], isException: false };

/** How closely a statement names a caller. */
export type Reach = "caller" | "account";

const ROLE_OR_USER = "iam::\\d{12}:(root|(role|user)\\/[!-)+->@-~]+)";
const SESSION = "sts::\\d{12}:(assumed-role|federated-user)\\/[\\w+=,.@/-]+";
const AWS_PRINCIPAL = new RegExp(
  `^(\\*|\\d{12}|A(ROA|IDA)[A-Z0-9]{12,124}|arn:aws[\\w-]*:(${ROLE_OR_USER}|${SESSION}))$`,
);
export const AWS_PRINCIPALS = "ARNs of roles, users, sessions and accounts, unique ids, ids of accounts, and *";

export function isAwsPrincipal(id: string): boolean {
  return AWS_PRINCIPAL.test(id);
}

/** Whether a statement of a trust policy is about a caller, by its own name or by that of its account or of everyone. */
export function findReach({ named, isException }: Principals, caller: SignerIdentity): Reach | undefined {
  const ids = named.filter(({ type }) => type === "AWS").map(({ id }) => id);
  if (isException) return isExcepted(ids, caller) ? undefined : "account";
  if (ids.some((id) => listNames(caller).includes(id))) return "caller";
  return ids.some((id) => id === "*" || listAccountNames(caller).includes(id)) ? "account" : undefined;
}

/** Whether a statement is about an AWS service. */
export function reachesService({ named, isException }: Principals, service: string | undefined): boolean {
  return named.some(({ type, id }) => id === "*" || (type === "Service" && id === service)) !== isException;
}

/**
 * IAM looks at the account, the role and the session one after the other, and `NotPrincipal` has to name each. Where it
 * names no session of a role, it means all of them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
function isExcepted(ids: readonly string[], caller: SignerIdentity): boolean {
  const { arn, roleArn = arn } = caller;
  const sessionsOfRole = `${arn.slice(0, arn.lastIndexOf("/"))}/`;
  const sessions = caller.roleArn === undefined ? [] : ids.filter((id) => id.startsWith(sessionsOfRole));
  const isNamed = ids.some((id) => id === roleArn || id === toUniqueId(caller));
  const isOfNamedAccount = ids.some((id) => listAccountNames(caller).includes(id));
  return ids.includes("*") || (isNamed && isOfNamedAccount && (sessions.length === 0 || sessions.includes(arn)));
}

/** A session, its role and that role's unique id; or a user and its unique id. */
function listNames(caller: SignerIdentity): readonly string[] {
  const { arn, roleArn = arn } = caller;
  return [arn, roleArn, toUniqueId(caller)];
}

function toUniqueId({ userId }: SignerIdentity): string {
  return userId.replace(/:.*/s, "");
}

function listAccountNames({ arn, accountId }: SignerIdentity): readonly string[] {
  return [`arn:${arn.split(":")[1]}:iam::${accountId}:root`, accountId];
}
