import { AwsError } from "./aws-error.js";
import type { SignerIdentity } from "./issued-sessions.js";
import { readJson, readMaxResults, readNextToken } from "./json-input.js";
import type { LocalAccount, LocalAccountState } from "./local-organization.js";
import type { Organization } from "./organization.js";
import { findPage } from "./paging.js";

const LARGEST_PAGE = 20;
/** 2020-01-01, in epoch seconds. */
const JOINED = 1_577_836_800;

/** The older `Status` field has no values for `PENDING_ACTIVATION` and `CLOSED`. */
const STATUSES: Record<LocalAccountState, "ACTIVE" | "SUSPENDED" | "PENDING_CLOSURE"> = {
  PENDING_ACTIVATION: "ACTIVE",
  ACTIVE: "ACTIVE",
  SUSPENDED: "SUSPENDED",
  PENDING_CLOSURE: "PENDING_CLOSURE",
  CLOSED: "SUSPENDED",
};

/**
 * The response of ListAccounts.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
 */
export function listAccounts(organization: Organization | undefined, caller: SignerIdentity, body: Buffer): object {
  if (organization?.find(caller.accountId) === undefined) {
    throw new AwsError(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.");
  }
  if (!organization.isAdministrator(caller.accountId)) {
    throw new AwsError(400, "AccessDeniedException", "You don't have permissions to access this resource.");
  }
  const input = readJson(body, invalidInput);
  const { pageSize = LARGEST_PAGE, emptyPages } = organization;
  const page = findPage(readNextToken(input, invalidInput), {
    total: organization.size,
    size: Math.min(pageSize, readMaxResults(input, LARGEST_PAGE, invalidInput) ?? pageSize),
    emptyPages,
  });
  if (page === undefined) throw invalidInput("NextToken is not valid.");
  const partition = caller.arn.split(":")[1] ?? "aws";
  return {
    Accounts: organization.slice(page.from, page.to).map((account) => describe(organization, partition, account)),
    NextToken: page.nextToken,
  };
}

function describe(organization: Organization, partition: string, account: LocalAccount): object {
  const { id, name = `Account ${id}`, state = "ACTIVE" } = account;
  const states = { State: state, Status: STATUSES[state] };
  return {
    Id: id,
    Arn: `arn:${partition}:organizations::${organization.managementAccountId}:account/${organization.id}/${id}`,
    Email: `account-${id}@example.com`,
    Name: name,
    ...Object.fromEntries(organization.stateFields.map((field) => [field, states[field]])),
    Paths: [`${organization.parentPath(account)}${id}/`],
    JoinedMethod: "CREATED",
    JoinedTimestamp: JOINED,
  };
}

function invalidInput(message: string): AwsError {
  return new AwsError(400, "InvalidInputException", message);
}
