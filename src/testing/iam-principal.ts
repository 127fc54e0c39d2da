import type { SignerIdentity } from "./issued-sessions.js";

/** A principal in a trust policy. */
export interface Principal {
  readonly type: "AWS" | "Service" | "Federated";
  /** An ARN, a unique id, an account id, a service name, or `*`. */
  readonly id: string;
}

/** The principals of a statement. */
export interface Principals {
  readonly named: readonly Principal[];
  /** Whether it means everyone except the named ones (`NotPrincipal`). */
  readonly isException: boolean;
}

/** For the policy of a role or user, which names no principals. */
export const NO_PRINCIPALS: Principals = { named: [], isException: false };

/** Whether a statement names the caller's session, its role or user, or only its account. */
export type Reach = "session" | "caller" | "account";

const ROLE_OR_USER = "iam::\\d{12}:(root|(role|user)\\/[!-)+->@-~]+)";
const SESSION = "sts::\\d{12}:(assumed-role|federated-user)\\/[\\w+=,.@/-]+";
const AWS_PRINCIPAL = new RegExp(
  `^(\\*|\\d{12}|A(ROA|IDA)[A-Z0-9]{12,124}|arn:aws[\\w-]*:(${ROLE_OR_USER}|${SESSION}))$`,
);
export const AWS_PRINCIPALS = "ARNs of roles, users, sessions and accounts, unique ids, ids of accounts, and *";

export function isAwsPrincipal(id: string): boolean {
  return AWS_PRINCIPAL.test(id);
}

/**
 * How a statement of a trust policy names a caller: its session, its role or user, or only its account or `*`.
 * `undefined` if the statement does not apply to the caller.
 */
export function findReach({ named, isException }: Principals, caller: SignerIdentity): Reach | undefined {
  const ids = named.filter(({ type }) => type === "AWS").map(({ id }) => id);
  if (isException) return isExcepted(ids, caller) ? undefined : "account";
  if (caller.roleArn !== undefined && ids.includes(caller.arn)) return "session";
  if (ids.some((id) => listNames(caller).includes(id))) return "caller";
  return ids.some((id) => id === "*" || listAccountNames(caller).includes(id)) ? "account" : undefined;
}

/** Whether a statement applies to a principal that has no account, such as an AWS service or an identity provider. */
export function reaches(
  { named, isException }: Principals,
  kind: "Service" | "Federated",
  name: string | undefined,
): boolean {
  return named.some(({ type, id }) => id === "*" || (type === kind && id === name)) !== isException;
}

/** Whether a principal is an OIDC identity provider. */
export function isOidcProvider({ type, id }: Principal): boolean {
  return type === "Federated" && id.includes(":oidc-provider/");
}

/**
 * IAM checks the account, the role and the session in turn, so `NotPrincipal` must name all of them. If it names no
 * session of a role, it means all of the role's sessions.
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

/** The ARN and the unique id of the caller's role or user. */
function listNames(caller: SignerIdentity): readonly string[] {
  const { arn, roleArn = arn } = caller;
  return [roleArn, toUniqueId(caller)];
}

function toUniqueId({ userId }: SignerIdentity): string {
  return userId.replace(/:.*/s, "");
}

function listAccountNames({ arn, accountId }: SignerIdentity): readonly string[] {
  return [`arn:${arn.split(":")[1]}:iam::${accountId}:root`, accountId];
}
