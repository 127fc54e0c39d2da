import { type Listing, loadPeer, type MakeClient, readPages, unusableAnswer } from "./ask-aws.js";

/** @throws RolecallError `INVALID_REQUEST` if the optional package is not installed */
export function loadAccountClient() {
  return loadPeer("instance.accounts.regions", "@aws-sdk/client-account", () => import("@aws-sdk/client-account"));
}

/**
 * Lists the regions that are enabled in the account of the client's role.
 * https://docs.aws.amazon.com/accounts/latest/reference/API_ListRegions.html
 */
export async function listRegions(
  roleArn: string,
  makeClient: MakeClient,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { AccountClient, ListRegionsCommand } = await loadAccountClient();
  const client = makeClient(AccountClient);
  const listing: Listing = { action: "account:ListRegions", roleArn, signal };
  const regions = await readPages(
    listing,
    (NextToken, options) =>
      client.send(
        new ListRegionsCommand({ NextToken, RegionOptStatusContains: ["ENABLED", "ENABLED_BY_DEFAULT"] }),
        options,
      ),
    ({ Regions }) => (Regions ?? []).flatMap(({ RegionName }) => RegionName ?? []),
  );
  if (regions.length === 0) throw unusableAnswer(listing, "the answer names no region");
  return [...new Set(regions)]; // pages may overlap
}
