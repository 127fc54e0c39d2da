import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { forEachAccount } from "../../src/accounts/index.js";
import { createCredentialResolver, type IntegrationInstance } from "../../src/index.js";
import { formatPolicy, identityPolicy, trustPolicy } from "../../src/policies/index.js";
import { startLocalAws } from "../../src/testing/index.js";
import { readCloudFormation, readTerraform } from "./read-back.js";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const HUB = "arn:aws:iam::111122223333:role/hub";
const READER = "arn:aws:iam::111122223333:role/organization-reader";
const MEMBER = "arn:aws:iam::123456789012:role/integrations/Audit";
const NOTHING = { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] } as const;

const instance: IntegrationInstance = {
  region: "eu-central-1",
  externalId: "acme-4711",
  tags: { team: "blue" },
  accounts: {
    roleName: "integrations/Audit",
    externalId: "member-0815",
    organization: { roleArn: READER, exclude: ["111122223333"] },
    regions: "enabled",
  },
};
const behindHub: IntegrationInstance = { ...instance, sourceRole: { roleArn: HUB, externalId: "hub-0816" } };

function documentsOf(settings: IntegrationInstance) {
  const identity = (principal: string) => identityPolicy({ variant: "listed-roles", instance: settings, principal });
  const trust = (role: string) =>
    trustPolicy({ instance: settings, role, ...((role === HUB || !settings.sourceRole) && { principal: HOST }) });
  return {
    machine: identity(HOST).document,
    hub: settings.sourceRole ? identity(HUB).document : NOTHING,
    hubTrust: settings.sourceRole ? trust(HUB).document : undefined,
    readerTrust: trust(READER).document,
    memberTrust: trust(MEMBER).document,
    member: identity(MEMBER).document,
  };
}

/** The codes of the outcomes, or of the error, in an AWS with these documents. */
async function run(settings: IntegrationInstance, change: Partial<ReturnType<typeof documentsOf>> = {}) {
  const documents = { ...documentsOf(settings), ...change };
  const { hubTrust } = documents;
  const aws = await startLocalAws({
    instanceProfile: { roleArn: HOST, policy: documents.machine },
    roles: [
      { roleArn: READER, trustPolicy: documents.readerTrust },
      ...(hubTrust ? [{ roleArn: HUB, trustPolicy: hubTrust, policy: documents.hub }] : []),
    ],
    organization: {
      accounts: [{ id: "123456789012", regions: ["eu-central-1", "us-east-1"] }],
      memberRoles: [{ roleName: "integrations/Audit", trustPolicy: documents.memberTrust }],
    },
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const resolver = createCredentialResolver();
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  // The local AWS evaluates a session's policies for services, so the role's own policy is its session's.
  const limited = { ...settings, policy: JSON.stringify(documents.member) };
  try {
    const { done, failures } = await forEachAccount(limited, {}, ({ region }) => region, { resolver }).collect();
    return [...done.map(({ value }) => value), ...failures.map(({ code }) => code)];
  } catch (error) {
    return (error as { code: string }).code;
  }
}

afterEach(() => vi.unstubAllEnvs());

describe.each([
  ["the machine assumes the roles", instance],
  ["a central role assumes the roles", behindHub],
])("the documents of an instance with accounts: %s", (_, settings) => {
  it("let a run find the accounts and regions, and work there", async () => {
    expect(await run(settings)).toEqual(["eu-central-1", "us-east-1"]);
  });

  it("are each needed", async () => {
    const callers = settings.sourceRole ? (["machine", "hub"] as const) : (["machine"] as const);
    for (const caller of callers) expect(await run(settings, { [caller]: NOTHING })).toMatch(/_DENIED$/);
    const { memberTrust, readerTrust } = documentsOf(settings);
    expect(await run(settings, { readerTrust: memberTrust })).toBe("ASSUME_ROLE_DENIED");
    expect(await run(settings, { memberTrust: readerTrust })).toEqual(["ASSUME_ROLE_DENIED"]);
    expect(await run(settings, { member: { Version: "2012-10-17", Statement: [] } })).toEqual(["ACCOUNTS_UNAVAILABLE"]);
  });
});

describe("the policy of the caller that assumes the roles", () => {
  const resourcesOf = (accounts: IntegrationInstance["accounts"], more: IntegrationInstance = {}) => {
    const policy = identityPolicy({ variant: "listed-roles", instance: { region: "eu-central-1", accounts, ...more } });
    return {
      ...policy,
      resources: policy.document.Statement[0]?.Resource,
      actions: policy.document.Statement[1]?.Action,
    };
  };

  it("lists the role in each account that is listed", () => {
    const ids = ["000012345678", { id: "444455556666", roleName: "Other" }];
    expect(resourcesOf({ roleName: "Audit", ids })).toMatchObject({
      resources: ["arn:aws:iam::000012345678:role/Audit", "arn:aws:iam::444455556666:role/Other"],
      actions: undefined,
      warnings: [],
    });
  });

  it("has a pattern for the organization, and lists its accounts if no role does", () => {
    const { resources, actions, warnings } = resourcesOf({ roleName: "Audit", organization: {} });
    expect(resources).toEqual(["arn:aws:iam::*:role/Audit"]);
    expect(actions).toBe("organizations:ListAccounts");
    expect(warnings).toMatchObject([{ code: "any-account" }]);
  });

  it("has a pattern for more accounts than fit, and says so", () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => String(100_000_000_000 + index));
    const { resources, warnings } = resourcesOf({ roleName: "Audit", ids });
    expect(resources).toEqual(["arn:aws:iam::*:role/Audit"]);
    expect(warnings.map(({ code }) => code)).toEqual(["any-account", "accounts-by-pattern"]);
    expect(warnings[1]?.message).toContain("10000 accounts");
  });

  it("follows allowedRoles, which need not contain the role that lists the accounts", () => {
    const allowedRoles = ["arn:aws:iam::*:role/integrations/*"];
    expect(resourcesOf(instance.accounts, { allowedRoles }).resources).toEqual([...allowedRoles, READER]);
  });

  it("is in the partition of the region", () => {
    const policy = identityPolicy({
      variant: "listed-roles",
      instance: { region: "cn-north-1", accounts: { roleName: "Audit", ids: ["123456789012"] } },
    });
    expect(policy.document.Statement[0]?.Resource).toEqual(["arn:aws-cn:iam::123456789012:role/Audit"]);
  });
});

describe("the roles themselves", () => {
  it.each([
    [READER, "organizations:ListAccounts"],
    [MEMBER, "account:ListRegions"],
  ])("%s has its permission in a template", (role, action) => {
    const policy = trustPolicy({ instance, role, principal: HOST });
    const permissions = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] };
    expect(policy.permissions).toEqual(permissions);
    const { Role } = readCloudFormation(formatPolicy(policy, "cloudformation")).Resources;
    expect(Role?.Properties).toMatchObject({ Policies: [{ PolicyDocument: permissions }] });
    expect(formatPolicy(policy, "cloudformation")).not.toContain("123456789012");
    const [attached] = Object.values(readTerraform(formatPolicy(policy, "terraform")).aws_iam_role_policy ?? {});
    expect(attached?.[0]).toMatchObject({ policy: permissions });
    expect(JSON.parse(formatPolicy(policy, "json"))).toEqual(policy.document);
  });

  it("need no permission if the regions are listed", () => {
    const listed = {
      ...instance,
      accounts: { roleName: "integrations/Audit", ids: ["123456789012"], regions: ["us-east-1"] },
    };
    expect(trustPolicy({ instance: listed, role: MEMBER, principal: HOST }).permissions).toBeUndefined();
    expect(() => identityPolicy({ variant: "listed-roles", instance: listed, principal: MEMBER })).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: "principal" }),
    );
  });
});
