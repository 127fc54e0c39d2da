import type { Organization } from "./organization.js";
import type { RequestContext } from "./request-context.js";

/** The condition keys for the organization of the caller's and the role's account, and for their paths in it. */
export function organizationContext(
  organization: Organization | undefined,
  { principal, resource }: { principal: string; resource: string | undefined },
): RequestContext {
  return new Map([
    ...accountEntries(organization, "aws:principal", principal),
    ...accountEntries(organization, "aws:resource", resource),
  ]);
}

/** Returns no keys for an account outside the organization. */
function accountEntries(
  organization: Organization | undefined,
  prefix: string,
  accountId = "",
): [string, readonly string[]][] {
  const account = organization?.find(accountId);
  if (organization === undefined || account === undefined) return [];
  return [
    [`${prefix}orgid`, [organization.id]],
    [`${prefix}orgpaths`, [organization.parentPath(account)]],
  ];
}
