import type { Account } from "@aws-sdk/client-organizations";
import type { OrganizationScope } from "../request/accounts.js";
import { type Listing, loadPeer, type MakeClient, readPages, unusableAnswer } from "./ask-aws.js";
import type { ListedAccount } from "./plan.js";

const FIELD = "instance.accounts.organization";

/**
 * Lists the organization's accounts that are in scope.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
 */
export async function listAccounts(
  { roleArn: role, paths, exclude }: OrganizationScope,
  makeClient: MakeClient,
  signal: AbortSignal | undefined,
): Promise<readonly ListedAccount[]> {
  const { ListAccountsCommand, OrganizationsClient } = await loadPeer(
    FIELD,
    "@aws-sdk/client-organizations",
    () => import("@aws-sdk/client-organizations"),
  );
  const client = makeClient(OrganizationsClient);
  const listing: Listing = { action: "organizations:ListAccounts", roleArn: role?.arn, signal };
  const all = await readPages(
    listing,
    (NextToken, options) => client.send(new ListAccountsCommand({ NextToken }), options),
    ({ Accounts }) => Accounts ?? [],
  );
  const excluded = new Set(exclude);
  const accounts = new Map(all.map((account) => [account.Id, read(account, listing)])); // pages may overlap
  const listed = [...accounts.values()]
    .filter((account) => !paths || isBelow(paths, account, listing))
    .filter(({ id }) => !excluded.has(id));
  if (listed.length > 0) return listed;
  const hint = paths ? `Check ${FIELD}.paths and exclude.` : "Check which organization the caller is in.";
  throw unusableAnswer(listing, `none of the organization's ${accounts.size} accounts is in scope`, hint);
}

interface PlacedAccount extends ListedAccount {
  readonly paths: readonly string[] | undefined;
}

function read({ Id, Name, State, Status, Paths }: Account, listing: Listing): PlacedAccount {
  const state = State ?? Status; // AWS is replacing Status with State
  if (typeof Id !== "string" || !/^\d{12}$/.test(Id) || typeof state !== "string") {
    throw unusableAnswer(listing, "an account has no id or no state");
  }
  return { id: Id, name: typeof Name === "string" ? Name : undefined, state, paths: Paths };
}

/** An account's path may end with the account id. */
function isBelow(wanted: readonly string[], { id, paths }: PlacedAccount, listing: Listing): boolean {
  if (!paths?.length) {
    throw unusableAnswer(listing, `account ${id} has no Paths`, `Leave out ${FIELD}.paths, and use ids or exclude.`);
  }
  const parents = paths.map((path) => path.replace(new RegExp(`${id}/?$`), ""));
  return wanted.some((path) =>
    parents.some((parent) => (path.endsWith("*") ? parent.startsWith(path.slice(0, -1)) : parent === path)),
  );
}
