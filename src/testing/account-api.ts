import type { AccountRegion, AccountRegions } from "./account-regions.js";
import { AwsError } from "./aws-error.js";
import type { SignerIdentity } from "./issued-sessions.js";
import { type JsonObject, readJson, readMaxResults, readNextToken } from "./json-input.js";
import type { Organization } from "./organization.js";
import { findPage } from "./paging.js";

const LARGEST_PAGE = 50;
const STATUSES: readonly unknown[] = ["ENABLED", "ENABLING", "DISABLING", "DISABLED", "ENABLED_BY_DEFAULT"];

/**
 * The response of ListRegions in AWS Account Management.
 * https://docs.aws.amazon.com/accounts/latest/reference/API_ListRegions.html
 */
export function listRegions(
  organization: Organization | undefined,
  regions: AccountRegions,
  caller: SignerIdentity,
  body: Buffer,
): object {
  const input = readJson(body, invalid);
  const accountId = findAccount(organization, caller, input.AccountId);
  const wanted = readStatuses(input);
  const listed = regions
    .list(accountId)
    .map((region) => ({ RegionName: region.name, RegionOptStatus: toStatus(region) }))
    .filter(({ RegionOptStatus }) => wanted === undefined || wanted.includes(RegionOptStatus));
  const { pageSize = LARGEST_PAGE } = organization ?? {};
  const page = findPage(readNextToken(input, invalid), {
    total: listed.length,
    size: Math.min(pageSize, readMaxResults(input, LARGEST_PAGE, invalid) ?? pageSize),
  });
  if (page === undefined) throw invalid("NextToken is not valid.");
  return { Regions: listed.slice(page.from, page.to), NextToken: page.nextToken };
}

/** The account that the caller asks about: its own, or another one if it administers the organization. */
function findAccount(organization: Organization | undefined, caller: SignerIdentity, asked: unknown): string {
  if (asked === undefined) return caller.accountId;
  if (typeof asked !== "string" || !/^\d{12}$/.test(asked)) throw invalid("AccountId must be 12 digits.");
  if (organization?.find(asked) === undefined || !organization.isAdministrator(caller.accountId)) {
    throw denied(caller);
  }
  if (asked === organization.managementAccountId) {
    throw denied(
      caller,
      " (The management account can only be managed using the standalone context from the management account)",
    );
  }
  return asked;
}

function readStatuses({ RegionOptStatusContains: wanted }: JsonObject): readonly unknown[] | undefined {
  if (wanted === undefined) return undefined;
  if (Array.isArray(wanted) && wanted.every((status) => STATUSES.includes(status))) return wanted;
  throw invalid(`RegionOptStatusContains must contain only ${STATUSES.join(", ")}.`);
}

function toStatus({ isEnabled, isOptIn }: AccountRegion): string {
  if (!isEnabled) return "DISABLED";
  return isOptIn ? "ENABLED" : "ENABLED_BY_DEFAULT";
}

function denied({ arn }: SignerIdentity, reason = ""): AwsError {
  const message = `User: ${arn} is not authorized to perform: account:ListRegions${reason}`;
  return new AwsError(403, "AccessDeniedException", message);
}

function invalid(message: string): AwsError {
  return new AwsError(400, "ValidationException", message);
}
