import {
  type Account,
  ListAccountsCommand,
  OrganizationsClient,
  paginateListAccounts,
} from "@aws-sdk/client-organizations";
import { afterEach, describe, expect, it } from "vitest";
import { createManualClock, type LocalAws, type LocalOrganization, startLocalAws } from "../../src/testing/index.js";
import { assumedKeys, type Keys, ROLE } from "./requests.js";

const MANAGEMENT = "111122223333";
const MEMBER = "123456789012";
const OTHER = "444455556666";
const READER = `arn:aws:iam::${MANAGEMENT}:role/OrganizationsReader`;
const OU = "o-exampleorgid/r-examplerootid111/ou-examplerootid111-exampleouid111/";

let aws: LocalAws;
afterEach(() => aws.close());

async function start(organization?: LocalOrganization): Promise<OrganizationsClient> {
  aws = await startLocalAws(organization && { organization });
  return clientOf(READER);
}

function clientOf(roleArn: string, keys: Keys = aws.issueSession({ roleArn })): OrganizationsClient {
  return new OrganizationsClient({
    endpoint: aws.endpoint,
    region: "us-east-1",
    credentials: keys,
    maxAttempts: 1,
  });
}

/** All accounts, and the size of each page. */
async function list(client: OrganizationsClient, pageSize?: number) {
  const accounts: Account[] = [];
  const pages: number[] = [];
  for await (const { Accounts = [] } of paginateListAccounts({ client, ...(pageSize && { pageSize }) }, {})) {
    accounts.push(...Accounts);
    pages.push(Accounts.length);
  }
  return { accounts, pages };
}

describe("ListAccounts", () => {
  it("describes each account as Organizations does, the management account first", async () => {
    const client = await start({
      accounts: [MEMBER, { id: OTHER, name: "Sandbox", state: "CLOSED", path: OU }],
    });
    const { Accounts, NextToken } = await client.send(new ListAccountsCommand({}));
    expect(NextToken).toBeUndefined();
    expect(Accounts?.map(({ Id, Name, State, Status }) => [Id, Name, State, Status])).toEqual([
      [MANAGEMENT, `Account ${MANAGEMENT}`, "ACTIVE", "ACTIVE"],
      [MEMBER, `Account ${MEMBER}`, "ACTIVE", "ACTIVE"],
      [OTHER, "Sandbox", "CLOSED", "SUSPENDED"],
    ]);
    expect(Accounts?.[1]).toMatchObject({
      Arn: `arn:aws:organizations::${MANAGEMENT}:account/o-exampleorgid/${MEMBER}`,
      Email: `account-${MEMBER}@example.com`,
      Paths: [`o-exampleorgid/r-examplerootid111/${MEMBER}/`],
      JoinedMethod: "CREATED",
      JoinedTimestamp: new Date("2020-01-01"),
    });
    expect(Accounts?.[2]?.Paths).toEqual([`${OU}${OTHER}/`]);
    expect(aws.requests).toMatchObject([{ service: "organizations", operation: "ListAccounts", status: 200 }]);
  });

  it("lists the management account where the test puts it, and can leave out a field of the state", async () => {
    const client = await start({
      id: "o-a1b2c3d4e5",
      managementAccountId: MEMBER,
      accounts: [OTHER, { id: MEMBER, name: "Payer" }],
      delegatedAdministrators: [OTHER],
      stateFields: ["Status"],
    });
    await expect(client.send(new ListAccountsCommand({}))).rejects.toMatchObject({
      name: "AWSOrganizationsNotInUseException",
    });
    const { accounts } = await list(clientOf(`arn:aws:iam::${OTHER}:role/Delegate`));
    expect(accounts.map(({ Id, State, Status }) => [Id, State, Status])).toEqual([
      [OTHER, undefined, "ACTIVE"],
      [MEMBER, undefined, "ACTIVE"],
    ]);
    expect(accounts[1]?.Arn).toBe(`arn:aws:organizations::${MEMBER}:account/o-a1b2c3d4e5/${MEMBER}`);
  });

  it("returns all of 10,000 accounts once, in pages of 20", async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => String(200_000_000_000 + index));
    const { accounts, pages } = await list(await start({ accounts: ids }));
    expect(accounts.map(({ Id }) => Id)).toEqual([MANAGEMENT, ...ids]);
    expect(new Set(pages.slice(0, -1))).toEqual(new Set([20]));
    expect(pages).toHaveLength(501);
  });

  it("honors pageSize, MaxResults and emptyPages", async () => {
    const ids = [MEMBER, OTHER, "777788889999", "000000000001"];
    const client = await start({ accounts: ids, pageSize: 2, emptyPages: 2 });
    const all = [MANAGEMENT, ...ids];
    const whole = await list(client);
    expect(whole.accounts.map(({ Id }) => Id)).toEqual(all);
    expect(whole.pages).toEqual([0, 0, 2, 0, 0, 2, 0, 0, 1]);
    const small = await list(client, 1);
    expect(small.accounts.map(({ Id }) => Id)).toEqual(all);
    expect(small.pages).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  });

  it.each([
    [{ NextToken: "AAAA" }, /NextToken is not valid/],
    [{ NextToken: Buffer.from("3/0").toString("base64url") }, /NextToken is not valid/],
    [{ MaxResults: 21 }, /MaxResults must be a whole number from 1 to 20/],
  ])("refuses %o", async (input, message) => {
    const client = await start({ accounts: [MEMBER] });
    await expect(client.send(new ListAccountsCommand(input))).rejects.toMatchObject({
      name: "InvalidInputException",
      message: expect.stringMatching(message),
    });
  });

  it("throttles with the error of Organizations", async () => {
    const clock = createManualClock();
    aws = await startLocalAws({ clock, organization: { accounts: [MEMBER] } });
    const client = clientOf(READER);
    aws.fault({ on: { service: "organizations" }, kind: "throttling", ratePerSecond: 1 });
    await client.send(new ListAccountsCommand({}));
    await expect(client.send(new ListAccountsCommand({}))).rejects.toMatchObject({
      name: "TooManyRequestsException",
      $metadata: { httpStatusCode: 400 },
    });
    await clock.advance(1000);
    await client.send(new ListAccountsCommand({}));
  });
});

describe("Organizations refuses", () => {
  const refusal = (client: OrganizationsClient) =>
    client.send(new ListAccountsCommand({})).then(
      () => "none",
      (error) => `${error.$metadata.httpStatusCode} ${error.name}: ${error.message}`,
    );

  it("every account if there is no organization", async () => {
    expect(await refusal(await start())).toBe(
      "400 AWSOrganizationsNotInUseException: Your account is not a member of an organization.",
    );
  });

  it("a member account, unless it is a delegated administrator", async () => {
    await start({ accounts: [MEMBER, OTHER], delegatedAdministrators: [OTHER] });
    expect(await refusal(clientOf(ROLE))).toBe(
      "400 AccessDeniedException: You don't have permissions to access this resource.",
    );
    expect(await refusal(clientOf(`arn:aws:iam::${OTHER}:role/Delegate`))).toBe("none");
  });

  it("a session whose policies do not allow the call", async () => {
    await start({ accounts: [MEMBER] });
    aws.setRole({ roleArn: READER });
    const limited = (Action: string) =>
      assumedKeys(aws, {
        RoleArn: READER,
        Policy: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] }),
      });
    expect(await refusal(clientOf(READER, await limited("organizations:Describe*")))).toMatch(
      /^400 AccessDeniedException: User: .* is not authorized to perform: organizations:ListAccounts because no session policy allows/,
    );
    expect(await refusal(clientOf(READER, await limited("organizations:ListAccounts")))).toBe("none");
  });
});
