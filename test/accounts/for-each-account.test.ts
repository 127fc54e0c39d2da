import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forEachAccount } from "../../src/accounts/index.js";
import { type CredentialResolver, createCredentialResolver } from "../../src/index.js";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";

const ACCOUNTS = ["123456789012", "444455556666", "777788889999"];

let aws: LocalAws;
let resolver: CredentialResolver;

beforeEach(async () => {
  aws = await startLocalAws({
    organization: { accounts: ACCOUNTS, memberRoles: [{ roleName: "integrations/Audit" }] },
    recordRequests: true,
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  resolver = createCredentialResolver();
});
afterEach(async () => {
  await resolver.close();
  await aws.close();
});

describe("forEachAccount", () => {
  it("works in each account and region as that account's role, and assumes each role once", async () => {
    const instance = {
      region: "eu-central-1",
      accounts: { roleName: "integrations/Audit", ids: ACCOUNTS, regions: ["eu-central-1", "us-east-1"] },
    };
    const result = await forEachAccount(
      instance,
      {},
      async ({ client, accountId, region }) => {
        await client(EC2Client).send(new DescribeInstancesCommand({}));
        return `${accountId} ${region}`;
      },
      { resolver },
    ).collect();
    result.throwIfFailed();
    expect(result.values).toEqual(ACCOUNTS.flatMap((id) => [`${id} eu-central-1`, `${id} us-east-1`]));
    expect(resolver.stats().refreshes).toBe(4);
  });

  it("finds accounts and regions by itself", async () => {
    const instance = {
      region: "eu-central-1",
      accounts: {
        roleName: "integrations/Audit",
        organization: { exclude: ["111122223333"] },
        regions: "enabled" as const,
      },
    };
    const result = await forEachAccount(instance, {}, async ({ accountId, region }) => `${accountId} ${region}`, {
      resolver,
    }).collect();
    expect(result.values).toHaveLength(3 * 17);
  });

  it("passes each account's own external id, else the accounts', to STS", async () => {
    const own = { id: ACCOUNTS[0] as string, externalId: "own-4711" };
    const accounts = { roleName: "integrations/Audit", externalId: "shared-4711", ids: [own, ...ACCOUNTS.slice(1)] };
    const instance = { region: "eu-central-1", externalId: "instance-4711", accounts };
    (await forEachAccount(instance, {}, () => {}, { resolver }).collect()).throwIfFailed();
    const asked = aws.requests.filter(({ operation }) => operation === "AssumeRole");
    const externalIds = new Map(
      asked.map(({ roleArn, parameters }) => [roleArn?.split(":")[4], parameters.ExternalId]),
    );
    expect(ACCOUNTS.map((id) => externalIds.get(id))).toEqual(["own-4711", "shared-4711", "shared-4711"]);
  });
});
