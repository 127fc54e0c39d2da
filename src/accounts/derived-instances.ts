import type { Accounts } from "../request/accounts.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
import type { RoleArn } from "../request/role-arn.js";

/** The session policy of the role that lists the accounts. */
const MAY_LIST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "organizations:ListAccounts", Resource: "*" }],
});

/** Settings that only role sessions use. */
const OF_ROLES = {
  allowedRoles: undefined,
  policyArns: undefined,
  roleSessionDuration: undefined,
} satisfies Partial<IntegrationInstance>;

/** The instance for work in the accounts. Each request adds the account's role. */
export function actingIn(
  { externalId }: Pick<Accounts, "externalId">,
  instance: IntegrationInstance,
): IntegrationInstance {
  return { ...instance, accounts: undefined, roleArn: undefined, externalId: externalId ?? instance.externalId };
}

/**
 * The instance for listing the organization's accounts, as a role whose session can do nothing else or as the base
 * identity.
 */
export function listingAs(
  role: RoleArn | undefined,
  region: string,
  instance: IntegrationInstance,
): IntegrationInstance {
  const lister = { ...instance, ...OF_ROLES, accounts: undefined, region };
  if (role) return { ...lister, roleArn: role.arn, allowedRoles: [role.arn], policy: MAY_LIST };
  return {
    ...lister,
    roleArn: undefined,
    externalId: undefined,
    policy: undefined,
    tags: undefined,
    transitiveTagKeys: undefined,
    sourceIdentity: undefined,
    sourceRole: undefined,
  };
}
