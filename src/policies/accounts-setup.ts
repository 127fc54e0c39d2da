import { type AccountEntry, type Accounts, findAccountsPartition, toRoleArnIn } from "../request/accounts.js";
import type { InstanceSettings } from "../request/integration-instance.js";
import type { RoleArn } from "../request/role-arn.js";
import { conflict } from "../request/validation.js";
import { type PolicyDocument, type PolicyStatement, toDocument } from "./policy-document.js";

/** The settings of an instance's accounts that affect policy documents. */
export interface AccountsSetup {
  readonly settings: Accounts;
  /** `*` if no setting names one. */
  readonly partition: string;
}

/** A role that the instance's `accounts` use: it lists the accounts, or acts in one of them. */
export interface AccountsRole {
  readonly kind: "reader" | "member";
  /** The external id from the settings of the accounts. */
  readonly externalId: string | undefined;
  /** The permissions for the calls that the library itself makes as this role. */
  readonly permissions: PolicyDocument | undefined;
}

/** The statement for the identity that lists the accounts. */
export const LIST_ACCOUNTS: PolicyStatement = allow("organizations:ListAccounts");
const LIST_REGIONS: PolicyStatement = allow("account:ListRegions");

export function toAccountsSetup(instance: InstanceSettings | undefined): AccountsSetup | undefined {
  if (!instance?.accounts) return undefined;
  const { accounts: settings, sourceRole, region: fallback } = instance;
  return { settings, partition: findAccountsPartition(settings, sourceRole, { fallback }) ?? "*" };
}

/** The roles in the accounts: an ARN for each listed account, and a pattern for the organization's accounts. */
export function memberRoles({ settings, partition }: AccountsSetup): readonly string[] {
  const { roleName, ids = [], organization } = settings;
  const listed = ids.map((entry) => ({ account: entry.id, name: entry.roleName ?? roleName }));
  const roles = organization
    ? [{ account: "*", name: roleName }, ...listed.filter(({ name }) => name !== roleName)]
    : listed;
  return roles.map(({ account, name }) => toRoleArnIn(account, partition, name));
}

/** One pattern per role name, for when the ARNs of all accounts do not fit into a policy. */
export function memberPatterns({ settings, partition }: AccountsSetup): readonly string[] {
  const { roleName, ids, organization } = settings;
  const names = new Set(organization ? [roleName] : []);
  for (const entry of ids ?? []) names.add(entry.roleName ?? roleName);
  return [...names].map((name) => toRoleArnIn("*", partition, name));
}

/** `undefined` if a role has nothing to do with the accounts. */
export function findAccountsRole(
  setup: AccountsSetup | undefined,
  role: RoleArn | undefined,
): AccountsRole | undefined {
  if (!setup || !role) return undefined;
  const { settings } = setup;
  if (role.arn === settings.organization?.roleArn?.arn) {
    return { kind: "reader", externalId: undefined, permissions: toDocument([LIST_ACCOUNTS]) };
  }
  const entry = settings.ids?.find(({ id }) => id === role.accountId);
  if (!entry && !settings.organization) return undefined;
  return role.arn === toRoleArnIn(role.accountId, role.partition, entry?.roleName ?? settings.roleName)
    ? toMember(settings, entry)
    : undefined;
}

/** What a role of the accounts may do; `undefined` for other roles. */
export function permissionsOfAccountsRole(
  setup: AccountsSetup | undefined,
  role: RoleArn | undefined,
): PolicyDocument | undefined {
  const found = findAccountsRole(setup, role);
  if (!found || found.permissions) return found?.permissions;
  const hint = "Give it the permissions that the work in the accounts needs.";
  throw conflict(
    "principal",
    "is a role of instance.accounts, but the library itself makes no calls as this role",
    hint,
  );
}

function toMember(settings: Accounts, entry: AccountEntry | undefined): AccountsRole {
  const asksRegions = (entry?.regions ?? settings.regions) === "enabled";
  return {
    kind: "member",
    externalId: entry?.externalId ?? settings.externalId,
    permissions: asksRegions ? toDocument([LIST_REGIONS]) : undefined,
  };
}

/** Allows the action on `*`, because the library's calls name no resource. */
function allow(action: string): PolicyStatement {
  return { Effect: "Allow", Action: action, Resource: "*" };
}
