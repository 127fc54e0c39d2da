import {
  AccountClient,
  ListRegionsCommand,
  type ListRegionsCommandInput,
  paginateListRegions,
} from "@aws-sdk/client-account";
import { DescribeRegionsCommand, type DescribeRegionsCommandInput, EC2Client } from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { assumedKeys, type Keys, ROLE } from "./requests.js";

const MANAGEMENT = "111122223333";
const MEMBER = "123456789012";
const LIMITED = "444455556666";
const OUTSIDE = "777788889999";

let aws: LocalAws;
beforeEach(async () => {
  aws = await startLocalAws({
    disabledRegions: ["us-west-1"],
    organization: {
      accounts: [MEMBER, { id: LIMITED, regions: ["us-east-1", "eu-south-2", "us-west-1"] }],
      delegatedAdministrators: [MEMBER],
      pageSize: 20,
    },
  });
});
afterEach(() => aws.close());

const config = (
  accountId: string,
  keys: Keys = aws.issueSession({ roleArn: `arn:aws:iam::${accountId}:role/Reader` }),
) => ({
  endpoint: aws.endpoint,
  region: "us-east-1",
  credentials: keys,
  maxAttempts: 1,
});

describe("ListRegions", () => {
  async function list(callerAccount: string, input: ListRegionsCommandInput = {}) {
    const client = new AccountClient(config(callerAccount));
    const regions: string[] = [];
    for await (const { Regions = [] } of paginateListRegions({ client }, input)) {
      regions.push(...Regions.map(({ RegionName, RegionOptStatus }) => `${RegionName} ${RegionOptStatus}`));
    }
    return regions;
  }

  it("lists the regions of the caller's account in pages, enabled or not", async () => {
    const regions = await list(MEMBER);
    expect(aws.count({ operation: "ListRegions", service: "account", status: 200 })).toBe(2);
    expect(regions).toHaveLength(34);
    expect(regions.filter((region) => region.endsWith(" ENABLED_BY_DEFAULT"))).toHaveLength(16);
    expect(regions).toContain("eu-south-2 DISABLED");
    expect(regions).toContain("us-west-1 DISABLED");
  });

  it("filters by status", async () => {
    expect(await list(LIMITED, { RegionOptStatusContains: ["ENABLED", "ENABLED_BY_DEFAULT"] })).toEqual([
      "eu-south-2 ENABLED",
      "us-east-1 ENABLED_BY_DEFAULT",
    ]);
    expect(await list(LIMITED, { RegionOptStatusContains: ["ENABLING"] })).toEqual([]);
  });

  it.each([MANAGEMENT, MEMBER])("lets the administrator %s ask for the regions of a member account", async (caller) => {
    expect(await list(caller, { AccountId: LIMITED, RegionOptStatusContains: ["ENABLED"] })).toEqual([
      "eu-south-2 ENABLED",
    ]);
  });

  it.each([
    ["a member account that asks about another", LIMITED, MEMBER, /account:ListRegions$/],
    ["an account outside the organization", MANAGEMENT, OUTSIDE, /account:ListRegions$/],
    ["the management account's own id", MANAGEMENT, MANAGEMENT, /standalone context from the management account\)$/],
    ["an administrator that asks about the management account", MEMBER, MANAGEMENT, /standalone context from/],
  ])("refuses %s", async (_name, caller, AccountId, message) => {
    await expect(list(caller, { AccountId })).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringMatching(message),
      $metadata: { httpStatusCode: 403 },
    });
  });

  it.each<[Partial<Record<keyof ListRegionsCommandInput, unknown>>, RegExp]>([
    [{ AccountId: "12345" }, /AccountId must be 12 digits/],
    [{ NextToken: "AAAA" }, /NextToken is not valid/],
    [{ MaxResults: 51 }, /MaxResults must be a whole number from 1 to 50/],
    [{ RegionOptStatusContains: ["OPTED_IN"] }, /RegionOptStatusContains must contain only ENABLED, /],
  ])("refuses %o", async (input, message) => {
    const client = new AccountClient(config(MANAGEMENT));
    await expect(client.send(new ListRegionsCommand(input as ListRegionsCommandInput))).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringMatching(message),
    });
  });

  it("evaluates session policies by its action", async () => {
    aws.setRole({ roleArn: ROLE });
    const ask = async (Action: string) => {
      const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
      return new AccountClient(config(MEMBER, await assumedKeys(aws, { Policy }))).send(new ListRegionsCommand({}));
    };
    await ask("account:ListRegions");
    await expect(ask("account:GetRegionOptStatus")).rejects.toMatchObject({ name: "AccessDeniedException" });
  });

  it("is throttled with status 429", async () => {
    aws.fault({ on: { operation: "ListRegions" }, kind: "throttling", ratePerSecond: 1, burst: 1 });
    await list(LIMITED, { RegionOptStatusContains: ["ENABLED"] });
    await expect(list(LIMITED)).rejects.toMatchObject({
      name: "TooManyRequestsException",
      $metadata: { httpStatusCode: 429 },
    });
  });
});

describe("DescribeRegions", () => {
  async function describeRegions(accountId: string, input: DescribeRegionsCommandInput = {}) {
    const { Regions = [] } = await new EC2Client(config(accountId)).send(new DescribeRegionsCommand(input));
    return Regions.map(({ RegionName, OptInStatus }) => `${RegionName} ${OptInStatus}`);
  }

  it("returns the regions that are enabled in the account", async () => {
    expect(await describeRegions(LIMITED)).toEqual(["eu-south-2 opted-in", "us-east-1 opt-in-not-required"]);
    expect(await describeRegions(MEMBER)).toHaveLength(16);
    expect(await describeRegions(OUTSIDE)).toHaveLength(33);
  });

  it("returns the disabled ones with AllRegions or by name", async () => {
    const all = await describeRegions(LIMITED, { AllRegions: true });
    expect(all).toHaveLength(34);
    expect(all).toContain("eu-west-1 not-opted-in");
    expect(await describeRegions(LIMITED, { RegionNames: ["eu-west-1"] })).toEqual(["eu-west-1 not-opted-in"]);
  });

  it("filters", async () => {
    const filter = (Name: string, ...Values: string[]) =>
      describeRegions(MEMBER, { AllRegions: true, Filters: [{ Name, Values }] });
    expect(await filter("opt-in-status", "not-opted-in")).toHaveLength(18);
    expect(await filter("opt-in-status", "opted-in", "opt-in-not-required")).toHaveLength(16);
    expect(await filter("region-name", "eu-west-1", "eu-west-9")).toEqual(["eu-west-1 opt-in-not-required"]);
    expect(await filter("endpoint", "ec2.eu-west-2.amazonaws.com")).toEqual(["eu-west-2 opt-in-not-required"]);
  });

  it("is throttled with EC2's error", async () => {
    aws.fault({ on: { service: "ec2" }, kind: "throttling", ratePerSecond: 1, burst: 1 });
    await describeRegions(MEMBER);
    await expect(describeRegions(MEMBER)).rejects.toMatchObject({
      name: "RequestLimitExceeded",
      $metadata: { httpStatusCode: 503 },
    });
  });

  it.each<[DescribeRegionsCommandInput, string]>([
    [{ RegionNames: ["eu-west-9"] }, "Invalid region names: [eu-west-9]"],
    [{ Filters: [{ Name: "constructor", Values: ["x"] }] }, "The filter 'constructor' is invalid"],
  ])("refuses %o", async (input, message) => {
    await expect(describeRegions(MEMBER, input)).rejects.toMatchObject({ name: "InvalidParameterValue", message });
  });
});
