import { AccountClient, ListRegionsCommand } from "@aws-sdk/client-account";
import { OrganizationsClient, paginateListAccounts } from "@aws-sdk/client-organizations";
import { getClientForCommand } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";
import { expect, it } from "vitest";

/** The command under test. Returns the opt-in regions of an account, or an error code. */
async function optInRegions(accountId: string): Promise<string> {
  const roleArn = `arn:aws:iam::${accountId}:role/integrations/Audit`;
  const client = getClientForCommand(AccountClient, { roleArn, externalId: "acme", region: "us-east-1" });
  try {
    const { Regions = [] } = await client.send(new ListRegionsCommand({ RegionOptStatusContains: ["ENABLED"] }));
    return Regions.map(({ RegionName }) => RegionName).join();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

it("goes through every account of the organization", async () => {
  await using aws = await startLocalAws({
    processEnv: true,
    organization: {
      accounts: [
        "123456789012",
        { id: "444455556666", name: "Sandbox", regions: ["us-east-1", "eu-south-2"] },
        { id: "777788889999", state: "SUSPENDED" },
        { id: "888899990000", memberRoles: false },
      ],
      memberRoles: [{ roleName: "integrations/Audit", externalId: "acme" }],
      emptyPages: 1,
    },
  });

  const outcomes: string[] = [];
  const client = getClientForCommand(OrganizationsClient, { region: "us-east-1" });
  for await (const { Accounts = [] } of paginateListAccounts({ client }, {})) {
    for (const { Id = "", State } of Accounts) outcomes.push(`${Id} ${State} ${await optInRegions(Id)}`);
  }

  expect(outcomes).toEqual([
    "111122223333 ACTIVE ASSUME_ROLE_DENIED", // the management account has no member role
    "123456789012 ACTIVE ",
    "444455556666 ACTIVE eu-south-2",
    "777788889999 SUSPENDED ASSUME_ROLE_DENIED",
    "888899990000 ACTIVE ASSUME_ROLE_DENIED",
  ]);
  expect(aws.count({ operation: "AssumeRole", status: 200 })).toBe(2);
});
