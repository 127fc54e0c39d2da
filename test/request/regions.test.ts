import { describe, expect, it } from "vitest";
import { findDefaultRegion, findPartition, mayBeInPartition } from "../../src/request/regions.js";
import { serviceRegion } from "../../src/request/role-request.js";
import { sdkPartitionOf, sdkPartitions, sdkRegions } from "../support/sdk-partitions.js";
import { ACCOUNT, CHINA_ROLE, expectInvalid, requestOf } from "./support.js";

const regions = sdkRegions();

describe("the table of partitions", () => {
  it("is compared with the SDK's regions", () => {
    expect(regions.length).toBeGreaterThan(35);
  });

  it.each(regions)("has %s in %s, as in the SDK", (region, id) => {
    expect(findPartition(region)).toBe(id);
    expect(sdkPartitionOf(region).name).toBe(id);
    expect(serviceRegion(requestOf({ command: { region } }))).toBe(region);
  });

  it.each(sdkPartitions().map(({ id, outputs }) => [id, outputs.implicitGlobalRegion]))(
    "has a default STS region for %s that is in that partition",
    (id, implicit) => {
      const region = findDefaultRegion(id);
      expect(region).toBe(implicit);
      expect(findPartition(region as string)).toBe(id);
    },
  );

  it("does not contain a newer partition or region", () => {
    expect(findPartition("moon-base-1")).toBeUndefined();
    expect(findDefaultRegion("aws-moon")).toBeUndefined();
  });

  it.each([
    ["us-east-1", "aws", true],
    ["us-east-1", "aws-cn", false],
    ["us-gov-west-1", "aws", false],
    ["us-gov-west-1", "aws-us-gov", true],
    ["us-iso-east-1", "aws", false],
    ["us-isob-east-1", "aws-iso", false],
    ["eu-isoe-west-1", "aws", false],
    ["eusc-de-east-1", "aws", false],
    ["moon-base-1", "aws", true],
    ["us-east-1", "aws-moon", true],
    ["us-newplace-9", "aws", true],
    ["us-newplace-9", "aws-cn", false],
  ])("rejects a region only if both are known: %s in %s is %s", (region, id, may) => {
    expect(mayBeInPartition(region, id)).toBe(may);
  });
});

describe.each([
  ["command.region", (region: unknown) => ({ command: { region } })],
  ["instance.region", (region: unknown) => ({ instance: { region } })],
  ["instance.sts.region", (region: unknown) => ({ instance: { sts: { region } } })],
] as const)("%s", (field, input) => {
  it.each(["us-east-1", "moon-base-1", "a".repeat(2).concat("-b-10"), "us-gov-west-1", `us-${"x".repeat(58)}-1`])(
    "can be %s",
    (region) => {
      expect(() => requestOf(input(region))).not.toThrow();
    },
  );

  it.each<[unknown, string]>([
    ["", "an empty string"],
    ["us-east", '"us-east"'],
    ["us-east-", '"us-east-"'],
    ["us-1", '"us-1"'],
    ["u-east-1", '"u-east-1"'],
    ["US-EAST-1", '"US-EAST-1"'],
    ["us_east_1", '"us_east_1"'],
    ["us-east-1a", '"us-east-1a"'],
    ["us-east-1 ", '"us-east-1 "'],
    ["us-east-1\n", '"us-east-1\\n"'],
    ["us--east-1", '"us--east-1"'],
    ["us-east-1.evil.example/", '"us-east-1.evil.example/"'],
    ["evil.example/us-east-1", '"evil.example/us-east-1"'],
    ["aws-global", '"aws-global"'],
    ["local", '"local"'],
    [`us-${"x".repeat(59)}-1`, `"us-${"x".repeat(59)}-1"`],
    [`us-${"x-".repeat(5000)}!`, `"us-${"x-".repeat(48)}x"… (10004 characters)`],
    [1, "a number"],
    [["us-east-1"], "an array of 1"],
    [{ name: "us-east-1" }, "an object"],
    [() => "us-east-1", "a function"],
  ])("cannot be %s", (region, received) => {
    expectInvalid(
      () => requestOf(input(region)),
      field,
      `${field} is invalid: received ${received}. Allowed: an AWS region such as eu-central-1.`,
    );
  });
});

describe("a region outside the role's partition", () => {
  const hint = "Use a region in the role's partition: credentials are valid in one partition only.";

  it.each([
    ["command.region", { command: { region: "us-east-1" } }],
    ["instance.region", { instance: { region: "us-east-1" } }],
    ["AWS_REGION", { env: { AWS_REGION: "us-east-1" } }],
    ["AWS_DEFAULT_REGION", { env: { AWS_DEFAULT_REGION: "us-east-1" } }],
  ] as const)("is rejected for a client if it comes from %s", (field, input) => {
    const instance = { roleArn: CHINA_ROLE, ...("instance" in input && input.instance) };
    const request = requestOf({ ...input, instance });
    const error = expectInvalid(
      () => serviceRegion(request),
      field,
      `${field} is us-east-1, but the role is in partition aws-cn. ${hint}`,
    );
    expect(error.roleArn).toBe(CHINA_ROLE);
  });

  it("is rejected for STS if the instance sets it", () => {
    expectInvalid(
      () => requestOf({ instance: { roleArn: CHINA_ROLE, sts: { region: "us-east-1" } } }),
      "instance.sts.region",
      `instance.sts.region is us-east-1, but the role is in partition aws-cn. ${hint}`,
    );
  });

  it.each(["moon-base-1", "cn-north-1", "cn-newplace-7"])("does not include %s", (region) => {
    const request = requestOf({ instance: { roleArn: CHINA_ROLE, sts: { region } }, command: { region } });
    expect(serviceRegion(request)).toBe(region);
    expect(request.chain.sts.region).toBe(region);
  });

  it("is not rejected for a role in a partition that is newer than the table", () => {
    const roleArn = `arn:aws-moon:iam::${ACCOUNT}:role/Base`;
    expect(serviceRegion(requestOf({ instance: { roleArn }, command: { region: "us-east-1" } }))).toBe("us-east-1");
  });

  it("does not matter for a request that needs only credentials", () => {
    expect(
      requestOf({ instance: { roleArn: CHINA_ROLE }, command: { region: "us-east-1" } }).chain.assumption,
    ).toBeDefined();
  });
});
