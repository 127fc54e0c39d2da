import { describe, expect, it } from "vitest";
import { findDefaultRegion, findPartition, mayBeInPartition } from "../../src/request/regions.js";
import { serviceRegion } from "../../src/request/role-request.js";
import { sdkPartitionOf, sdkPartitions, sdkRegions } from "../support/sdk-partitions.js";
import { ACCOUNT, CHINA_ROLE, expectInvalid, requestOf, roleRequestOf } from "./support.js";

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

describe("the service's region", () => {
  const env = { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-2" };

  it.each([
    [
      "the command's, if it is set",
      { command: { region: "us-east-1" }, instance: { region: "us-east-2" }, env },
      "us-east-1",
    ],
    [
      "the instance's, if the command sets none",
      { command: { region: null }, instance: { region: "us-east-2" }, env },
      "us-east-2",
    ],
    ["AWS_REGION, if neither sets one", { env }, "eu-west-1"],
    ["AWS_DEFAULT_REGION fourth", { env: { AWS_DEFAULT_REGION: "eu-west-2" } }, "eu-west-2"],
    ["AWS_DEFAULT_REGION, if AWS_REGION is empty", { env: { ...env, AWS_REGION: "" } }, "eu-west-2"],
    ["taken from the metadata service, if nothing is set", {}, undefined],
    [
      "taken from the metadata service, if both variables are empty",
      { env: { AWS_REGION: "", AWS_DEFAULT_REGION: "" } },
      undefined,
    ],
  ])("is %s", (_, input, region) => {
    expect(serviceRegion(roleRequestOf(input))).toBe(region);
    expect(serviceRegion(requestOf(input))).toBe(region);
  });

  it.each(["AWS_REGION", "AWS_DEFAULT_REGION"])("is validated if it comes from %s", (field) => {
    expectInvalid(
      () => requestOf({ env: { [field]: "Europe" } }),
      field,
      `${field} is invalid: received "Europe". Allowed: an AWS region such as eu-central-1.`,
    );
  });
});

describe("the region of STS", () => {
  const env = { AWS_REGION: "eu-west-1" };
  const settings = { region: "us-east-2", sts: { region: "us-west-1" } };

  it.each([
    ["sts.region, if it is set", { instance: settings, env }, "us-west-1"],
    ["the instance's, if the command sets none", { instance: { region: "us-east-2" }, env }, "us-east-2"],
    ["AWS_REGION, if the instance sets none", { env }, "eu-west-1"],
    ["AWS_DEFAULT_REGION fourth", { env: { AWS_DEFAULT_REGION: "eu-west-2" } }, "eu-west-2"],
    ["never the command's", { command: { region: "us-east-1" } }, undefined],
    [
      "the instance's, even if the command sets a different one",
      { instance: { region: "us-east-2" }, command: { region: "us-east-1" } },
      "us-east-2",
    ],
  ])("is %s", (_, input, region) => {
    expect(roleRequestOf(input).chain.sts.region).toBe(region);
    expect(roleRequestOf(input).chain.sts.partition).toBe("aws");
  });

  it("is the first one in the role's partition", () => {
    const command = { roleArn: CHINA_ROLE, region: "cn-north-1" };
    const sts = (input: object) => requestOf({ command, ...input }).chain.sts;
    expect(sts({ instance: { region: "us-east-2" }, env: { AWS_REGION: "cn-northwest-1" } })).toEqual({
      region: "cn-northwest-1",
      partition: "aws-cn",
    });
    expect(sts({ instance: { region: "us-east-2" }, env })).toEqual({ partition: "aws-cn" });
    expect(sts({ env: { AWS_REGION: "moon-base-1" } })).toEqual({ region: "moon-base-1", partition: "aws-cn" });
  });

  it("can be in any partition if no role is assumed", () => {
    expect(requestOf({ instance: settings }).chain.sts).toEqual({ region: "us-west-1", partition: undefined });
  });

  it("is not part of the session key unless the instance sets sts.region", () => {
    const { key } = roleRequestOf({}).chain;
    for (const input of [{ env }, { instance: { region: "us-east-2" } }, { command: { region: "us-east-1" } }]) {
      expect(roleRequestOf(input).chain.key).toBe(key);
    }
    expect(roleRequestOf({ instance: { sts: { region: "us-west-1" } } }).chain.key).not.toBe(key);
  });
});
