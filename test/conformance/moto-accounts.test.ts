import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CloseAccountCommand,
  CreateAccountCommand,
  CreateOrganizationCommand,
  OrganizationsClient,
} from "@aws-sdk/client-organizations";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { forEachAccount, planAccounts, type Target } from "../../src/accounts/index.js";
import { createCredentialResolver, type IntegrationInstance } from "../../src/index.js";
import { startMoto } from "./moto-server.js";

const TIMEOUT = 120_000;
/** Moto's account, which becomes the management account. */
const HOME = "123456789012";
/** More than the hundred that Moto puts on a page. */
const MEMBERS = 105;
/** The role that Moto creates in each member account, as AWS does. */
const ROLE_NAME = "OrganizationAccountAccessRole";

const moto = await startMoto();
if (!moto) {
  console.log(
    "Many accounts against Moto are not tested: moto_server is not on the PATH (pip install 'moto[server]').",
  );
}
afterAll(() => moto?.stop());

function instanceWith(accounts: Partial<IntegrationInstance["accounts"]>): IntegrationInstance {
  return {
    accounts: {
      roleName: ROLE_NAME,
      organization: { roleArn: `arn:aws:iam::${HOME}:role/AccountReader`, exclude: [HOME] },
      regions: ["eu-west-1"],
      ...accounts,
    },
  };
}

function createResolver() {
  const resolver = createCredentialResolver();
  onTestFinished(() => resolver.close());
  return resolver;
}

describe.runIf(moto)("an organization in Moto", { timeout: TIMEOUT }, async () => {
  const members = moto ? await createOrganization(moto.url) : [];
  const [closed, ...open] = members;

  beforeEach(() => {
    for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"]) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", moto?.url);
    vi.stubEnv("AWS_ENDPOINT_URL", moto?.url);
  });

  it("is listed over several pages, and each account gets one call as that account", async () => {
    const resolver = createResolver();
    const whoAmI = async ({ client }: Target) =>
      (await client(STSClient).send(new GetCallerIdentityCommand({}))).Account;
    const result = await forEachAccount(instanceWith({}), {}, whoAmI, { resolver, concurrency: 4 }).collect();
    result.throwIfFailed();
    expect(result.done.map(({ accountId }) => accountId)).toEqual(open);
    expect(result.values).toEqual(open);
    expect(result.done[0]).toMatchObject({ accountName: "Member 1", region: "eu-west-1" });
    expect(result.skipped).toMatchObject([
      { accountId: closed, reason: "ACCOUNT_NOT_ACTIVE", accountState: "SUSPENDED" },
    ]);
    // The base identity, the role that lists the accounts, and one role per account.
    expect(resolver.stats()).toMatchObject({ refreshes: 2 + open.length, refreshFailures: 0 });
  });

  it("gets a call in each region of two accounts, with one session per account", async () => {
    const resolver = createResolver();
    const accountIds = open.slice(-2);
    const ownerOfVpcs = async ({ client, region }: Target) => {
      const { Vpcs } = await client(EC2Client).send(new DescribeVpcsCommand({}));
      return `${Vpcs?.[0]?.OwnerId} ${region}`;
    };
    const instance = instanceWith({ regions: ["eu-west-1", "us-east-1"] });
    const options = { resolver, accountIds, concurrency: 1, regionConcurrency: 1 }; // Moto needs seconds for each VPC
    const { values } = await forEachAccount(instance, {}, ownerOfVpcs, options).collect();
    expect(values).toEqual(accountIds.flatMap((id) => [`${id} eu-west-1`, `${id} us-east-1`]));
    expect(resolver.stats()).toMatchObject({ refreshes: 2 + accountIds.length });
  });

  it("is verified account by account", async () => {
    const plan = await planAccounts(instanceWith({}), {}, { resolver: createResolver(), accountIds: open.slice(0, 3) });
    const result = await plan.verify().collect();
    expect(result.values.map(({ accountId, base }) => [accountId, base.accountId])).toEqual(
      open.slice(0, 3).map((id) => [id, HOME]),
    );
  });

  // Moto's ListAccounts returns no Paths, and it has no ListRegions.
  it("is an error if paths are set and the answer has none, instead of an empty list", async () => {
    const organization = { paths: ["o-a1b2c3d4e5/r-f6g7/*"] };
    const outcomes = forEachAccount(instanceWith({ organization }), {}, () => "ran", { resolver: createResolver() });
    await expect(outcomes.collect()).rejects.toMatchObject({
      code: "ACCOUNTS_UNAVAILABLE",
      step: "accounts",
      message: expect.stringMatching(
        /^organizations:ListAccounts as the base identity failed: account \d+ has no Paths/,
      ),
    });
  });

  it("reports an account whose regions can't be listed as failed, instead of as one without regions", async () => {
    const instance = instanceWith({ regions: "enabled" });
    const options = { resolver: createResolver(), accountIds: open.slice(0, 1) };
    const result = await forEachAccount(instance, {}, () => "ran", options).collect();
    expect(result.failures).toMatchObject([{ accountId: open[0], code: "ACCOUNTS_UNAVAILABLE" }]);
    expect(result.failures[0]).not.toHaveProperty("region");
    expect(() => result.throwIfFailed()).toThrow(expect.objectContaining({ code: "TARGETS_FAILED" }));
  });
});

/** @returns the ids of the member accounts in the order of ListAccounts. The first one is closed */
async function createOrganization(endpoint: string): Promise<string[]> {
  const credentials = { accessKeyId: "test-key", secretAccessKey: "test-secret" };
  const client = new OrganizationsClient({ region: "us-east-1", endpoint, credentials });
  await client.send(new CreateOrganizationCommand({}));
  const ids: string[] = [];
  for (let index = 0; index < MEMBERS; index++) {
    const account = { AccountName: `Member ${index}`, Email: `member-${index}@example.com` };
    const { CreateAccountStatus } = await client.send(new CreateAccountCommand(account));
    ids.push(CreateAccountStatus?.AccountId ?? "");
  }
  await client.send(new CloseAccountCommand({ AccountId: ids[0] }));
  client.destroy();
  return ids;
}
