import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ListAccountsCommand, OrganizationsClient } from "@aws-sdk/client-organizations";
import { AssumeRoleCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { afterEach, describe, expect, it } from "vitest";
import {
  type LocalAccountState,
  type LocalAws,
  type LocalOrganization,
  startLocalAws,
} from "../../src/testing/index.js";
import { assumedKeys, assumeRole, readInstanceKeys, stsAs } from "./requests.js";

const MANAGEMENT = "111122223333";
const MEMBER = "123456789012";
const OTHER = "444455556666";
const OUTSIDE = "777788889999";

const auditIn = (accountId: string) => `arn:aws:iam::${accountId}:role/integrations/Audit`;

let aws: LocalAws;
afterEach(() => aws?.close());

async function start(organization: Partial<LocalOrganization>): Promise<void> {
  aws = await startLocalAws({
    organization: { accounts: [MEMBER, OTHER], memberRoles: [{ roleName: "integrations/Audit" }], ...organization },
  });
}

const outcome = (call: Promise<unknown>) =>
  call.then(
    () => "granted",
    (error) => error.name as string,
  );

const assume = (RoleArn: string) => outcome(assumeRole(aws, { RoleArn }));

describe("memberRoles", () => {
  it("exist in every member account, but neither in the management account nor outside", async () => {
    await start({});
    expect(await assume(auditIn(MEMBER))).toBe("granted");
    expect(await assume(auditIn(OTHER))).toBe("granted");
    expect(await assume(auditIn(MANAGEMENT))).toBe("AccessDenied");
    expect(await assume(auditIn(OUTSIDE))).toBe("AccessDenied");
    expect(await assume(`arn:aws:iam::${MEMBER}:role/Audit`)).toBe("AccessDenied");
  });

  it("can be absent from a member account, or present in the management account", async () => {
    await start({ accounts: [MEMBER, { id: OTHER, memberRoles: false }, { id: MANAGEMENT, memberRoles: true }] });
    expect(await assume(auditIn(MEMBER))).toBe("granted");
    expect(await assume(auditIn(OTHER))).toBe("AccessDenied");
    expect(await assume(auditIn(MANAGEMENT))).toBe("granted");
  });

  it("can be replaced and removed in one account", async () => {
    await start({});
    aws.setRole({ roleArn: auditIn(MEMBER), externalId: "acme" });
    aws.removeRole(auditIn(OTHER));
    expect(await assume(auditIn(MEMBER))).toBe("AccessDenied");
    expect(await outcome(assumeRole(aws, { RoleArn: auditIn(MEMBER), ExternalId: "acme" }))).toBe("granted");
    expect(await assume(auditIn(OTHER))).toBe("AccessDenied");
    aws.removeRole(auditIn(MEMBER));
    expect(await assume(auditIn(MEMBER))).toBe("AccessDenied");
    aws.setRole({ roleArn: auditIn(OTHER) });
    expect(await assume(auditIn(OTHER))).toBe("granted");
  });

  it("have the settings of other roles", async () => {
    await start({ memberRoles: [{ roleName: "Audit", externalId: "acme", allowAssumeRole: [auditIn("*")] }] });
    const RoleArn = `arn:aws:iam::${MEMBER}:role/Audit`;
    expect(await assume(RoleArn)).toBe("AccessDenied");
    const keys = await assumedKeys(aws, { RoleArn, ExternalId: "acme" });
    aws.setRole({ roleArn: auditIn(OTHER), trustedPrincipals: [RoleArn] });
    expect(await outcome(assumeRole(aws, { RoleArn: auditIn(OTHER) }, keys))).toBe("granted");
  });
});

describe("trust policies that limit a role to an organization", () => {
  const OU = "o-exampleorgid/r-examplerootid111/ou-examplerootid111-exampleouid111/";
  const trusting = (...Condition: object[]) => ({
    Version: "2012-10-17",
    Statement: Condition.map((condition) => ({
      Effect: "Allow",
      Principal: "*",
      Action: "sts:AssumeRole",
      Condition: condition,
    })),
  });
  const assumeAs = (accountId: string) => {
    const keys = aws.issueUserKeys({ userArn: `arn:aws:iam::${accountId}:user/ann` });
    return outcome(assumeRole(aws, { RoleArn: auditIn(MEMBER) }, keys));
  };

  it.each([
    ["aws:PrincipalOrgID", { StringEquals: { "aws:PrincipalOrgID": "o-exampleorgid" } }, [MANAGEMENT, MEMBER, OTHER]],
    ["aws:PrincipalOrgPaths", { "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": `${OU}*` } }, [OTHER]],
    [
      "aws:ResourceOrgID",
      { StringEquals: { "aws:ResourceOrgID": `\${aws:PrincipalOrgID}` } },
      [MANAGEMENT, MEMBER, OTHER],
    ],
  ])("by %s", async (_key, condition, trusted) => {
    await start({
      accounts: [MEMBER, { id: OTHER, path: OU }],
      memberRoles: [{ roleName: "integrations/Audit", trustPolicy: trusting(condition) }],
    });
    for (const accountId of [MANAGEMENT, MEMBER, OTHER, OUTSIDE]) {
      expect([accountId, await assumeAs(accountId)]).toEqual([
        accountId,
        trusted.includes(accountId) ? "granted" : "AccessDenied",
      ]);
    }
  });
});

describe("an account's state", () => {
  it.each<[LocalAccountState, string]>([
    ["PENDING_ACTIVATION", "AccessDenied"],
    ["ACTIVE", "granted"],
    ["SUSPENDED", "AccessDenied"],
    ["PENDING_CLOSURE", "granted"],
    ["CLOSED", "AccessDenied"],
  ])("%s: AssumeRole is %s", async (state, expected) => {
    await start({ accounts: [{ id: MEMBER, state }] });
    const single = `arn:aws:iam::${MEMBER}:role/Single`;
    aws.setRole({ roleArn: single });
    expect([await assume(auditIn(MEMBER)), await assume(single)]).toEqual([expected, expected]);
  });
});

describe("an account's regions", () => {
  const inRegion = async (RoleArn: string, region: string) => {
    const sts = stsAs(aws, await readInstanceKeys(aws), region);
    return outcome(sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" })));
  };

  it("limit STS: for the role's account and for the caller's", async () => {
    await start({
      accounts: [MEMBER, { id: OTHER, regions: ["us-east-1", "eu-south-2"] }],
    });
    expect(await inRegion(auditIn(OTHER), "us-east-1")).toBe("granted");
    expect(await inRegion(auditIn(OTHER), "eu-west-1")).toBe("RegionDisabledException");
    expect(await inRegion(auditIn(MEMBER), "eu-west-1")).toBe("granted");
    // The caller is in the management account, which has no opt-in regions.
    expect(await inRegion(auditIn(OTHER), "eu-south-2")).toBe("InvalidClientTokenId");
    const keys = await assumedKeys(aws, { RoleArn: auditIn(OTHER) });
    const whoAmI = (region: string) => outcome(stsAs(aws, keys, region).send(new GetCallerIdentityCommand({})));
    expect(await whoAmI("eu-south-2")).toBe("granted");
    expect(await whoAmI("eu-west-1")).toBe("InvalidClientTokenId");
  });

  it("limit the other services, but not those with one endpoint", async () => {
    await start({ accounts: [{ id: MEMBER, regions: ["us-east-1"] }], delegatedAdministrators: [MEMBER] });
    const config = (region: string) => ({
      endpoint: aws.endpoint,
      region,
      credentials: aws.issueSession({ roleArn: auditIn(MEMBER) }),
      maxAttempts: 1,
    });
    const describeIn = (region: string) =>
      outcome(new EC2Client(config(region)).send(new DescribeInstancesCommand({})));
    expect(await describeIn("us-east-1")).toBe("granted");
    expect(await describeIn("eu-west-1")).toBe("AuthFailure");
    expect(await outcome(new OrganizationsClient(config("eu-west-1")).send(new ListAccountsCommand({})))).toBe(
      "granted",
    );
  });
});

describe("startLocalAws refuses", () => {
  it.each<[unknown, RegExp]>([
    [null, /^organization takes an object/],
    [{}, /^organization\.accounts must be an array of at most 10000 items/],
    [{ accounts: [12_345_678_901] }, /^organization\.accounts\[0\] must be a string of 12 digits, got 12345678901/],
    [{ accounts: [MEMBER, { id: "1" }] }, /^organization\.accounts\[1\]\.id must be a string of 12 digits, got "?'?1/],
    [{ accounts: [MEMBER, OTHER, { id: MEMBER }] }, /^organization\.accounts lists 123456789012 more than once/],
    [{ accounts: [{ id: MEMBER, name: 1 }] }, /^organization\.accounts\[0\]\.name must be a string, got 1/],
    [{ accounts: [{ id: MEMBER, state: "OPEN" }] }, /^organization\.accounts\[0\]\.state must be one of PENDING_ACT/],
    [{ accounts: [{ id: MEMBER, path: "o-another111/r-root/" }] }, /\.path must be the path of a root or OU, such as/],
    [{ accounts: [{ id: MEMBER, path: "o-exampleorgid/r-root" }] }, /\.path must be the path of a root or OU, such as/],
    [{ accounts: [{ id: MEMBER, regions: "all" }] }, /^organization\.accounts\[0\]\.regions must be an array/],
    [{ accounts: [{ id: MEMBER, memberRoles: "no" }] }, /\.memberRoles must be true or false/],
    [{ accounts: [], id: "acme" }, /^organization\.id must be "o-" and 10 to 32/],
    [{ accounts: [], managementAccountId: 1 }, /^organization\.managementAccountId must be a string of 12 digits/],
    [{ accounts: [], delegatedAdministrators: [MEMBER] }, /^organization\.delegatedAdministrators must be in organiza/],
    [
      { accounts: [], memberRoles: [{ roleName: 1 }] },
      /^organization\.memberRoles\[0\]\.roleName must be the path and/,
    ],
    [
      { accounts: [], memberRoles: [{ roleName: "arn:aws:iam::1:role/A b" }] },
      /\.roleName must be the path and name of a role, such/,
    ],
    [{ accounts: [], stateFields: ["state"] }, /^organization\.stateFields must list State or Status/],
    [{ accounts: [], pageSize: 0 }, /^organization\.pageSize must be a whole number of at least 1, got 0/],
    [{ accounts: [], emptyPages: -1 }, /^organization\.emptyPages must be a whole number of at least 0, got -1/],
  ])("organization: %o", async (organization, message) => {
    await expect(startLocalAws({ organization: organization as LocalOrganization })).rejects.toThrow(message);
  });
});
