import { describe, expect, it } from "vitest";
import { formatPolicy, type IdentityPolicyOptions, identityPolicy } from "../../src/policies/index.js";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const PATTERN = "arn:aws:iam::444455556666:role/integration-*";

const make = (options: Partial<IdentityPolicyOptions>) => identityPolicy({ variant: "listed-roles", ...options });
const statementsOf = (options: Partial<IdentityPolicyOptions>) => make(options).document.Statement;
const warningsOf = (options: Partial<IdentityPolicyOptions>) => make(options).warnings.map(({ code }) => code);

describe("the listed roles", () => {
  it("become the resources, each once and without warnings", () => {
    const policy = make({ roles: [INVENTORY, { roleArn: PATTERN, externalId: "acme" }, INVENTORY] });
    expect(policy).toEqual({
      kind: "identity",
      document: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: [INVENTORY, PATTERN] }],
      },
      roleArn: undefined,
      partition: "aws",
      warnings: [],
    });
  });

  it("are taken from an instance's allowedRoles, or else from its role", () => {
    expect(statementsOf({ instance: { roleArn: INVENTORY } })[0]?.Resource).toEqual([INVENTORY]);
    const instance = { roleArn: INVENTORY, allowedRoles: [PATTERN, INVENTORY] };
    expect(statementsOf({ instance })[0]?.Resource).toEqual([PATTERN, INVENTORY]);
    expect(() => make({ instance: { ...instance, allowedRoles: [PATTERN] } })).toThrow(
      expect.objectContaining({ code: "ROLE_NOT_ALLOWED" }),
    );
  });

  it.each<[Partial<IdentityPolicyOptions>, string[]]>([
    [{ instance: { roleArn: INVENTORY, tags: { team: "red" } } }, ["sts:TagSession"]],
    [{ instance: { roleArn: INVENTORY, sourceIdentity: "inventory" } }, ["sts:SetSourceIdentity"]],
    [{ roles: [INVENTORY], authorTagKeys: ["command"] }, ["sts:TagSession"]],
    [
      { roles: [INVENTORY], authorTagKeys: ["command"], sourceIdentities: ["ann"] },
      ["sts:TagSession", "sts:SetSourceIdentity"],
    ],
  ])("have the permissions that their sessions need: %j", (options, actions) => {
    expect(statementsOf(options)[0]?.Action).toEqual(["sts:AssumeRole", ...actions]);
    expect(statementsOf({ ...options, roles: undefined, variant: "any-role" })[0]?.Action).toEqual([
      "sts:AssumeRole",
      ...actions,
    ]);
  });

  it("cause a warning about a * that matches more than it may seem to", () => {
    expect(warningsOf({ roles: ["arn:aws:iam::*:role/Inventory"] })).toEqual(["any-account"]);
    expect(warningsOf({ roles: ["arn:aws:iam::12345678901?:role/*"] })).toEqual(["any-account", "every-role"]);
    expect(warningsOf({ roles: ["arn:aws:iam::123456789012:role/*"] })).toEqual(["every-role"]);
    expect(warningsOf({ roles: ["arn:aws:iam::123456789012:role/?*"] })).toEqual(["every-role"]);
  });

  it("cause a warning with advice if the document is too large", () => {
    const roles = (count: number) =>
      Array.from({ length: count }, (_, index) => `arn:aws:iam::123456789012:role/integration-${index}`);
    expect(make({ roles: roles(125) }).warnings).toEqual([]);
    expect(make({ roles: roles(130) }).warnings).toEqual([
      { code: "too-large", message: expect.stringMatching(/limit of 6144 .*fits only as an inline policy.*patterns/) },
    ]);
    expect(make({ roles: roles(250) }).warnings).toEqual([
      { code: "too-large", message: expect.stringMatching(/limit of 6144 .* and the limit of 10240 .*patterns/) },
    ]);
  });
});

describe("any role", () => {
  it("uses Resource * and warns about it", () => {
    const policy = make({ variant: "any-role", instance: { roleArn: INVENTORY } });
    expect(policy.document.Statement).toEqual([{ Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" }]);
    expect(policy.warnings).toEqual([{ code: "any-role", message: expect.stringContaining("allowedRoles") }]);
  });
});

describe("own permissions", () => {
  it("allow the actions and deny every role", () => {
    const policy = make({ variant: "own-permissions", actions: ["ec2:DescribeInstances", "s3:Get*"] });
    expect(policy.document.Statement).toEqual([
      { Effect: "Allow", Action: ["ec2:DescribeInstances", "s3:Get*"], Resource: "*" },
      { Effect: "Deny", Action: "sts:AssumeRole", Resource: "*" },
    ]);
    expect(policy.warnings.map(({ code }) => code)).toEqual(["every-resource"]);
  });

  it.each([["*"], ["s3:*"], ["s3:?*"]])("cause a warning about the action %s", (action) => {
    expect(warningsOf({ variant: "own-permissions", actions: [action] })).toEqual(["every-action", "every-resource"]);
  });
});

describe("the partition", () => {
  it.each(["aws", "aws-cn", "aws-us-gov"])(
    "%s is taken from the ARNs, the machine's role or the option",
    (partition) => {
      const [host, role] = [HOST, INVENTORY].map((arn) => arn.replace("arn:aws:", `arn:${partition}:`)) as [
        string,
        string,
      ];
      const anywhere = "arn:*:iam::123456789012:role/x";
      const written = [anywhere.replace("*", partition)];
      expect(make({ roles: [role] }).partition).toBe(partition);
      expect(make({ roles: [anywhere], principal: host })).toMatchObject({ partition, roleArn: host, warnings: [] });
      expect(statementsOf({ roles: [anywhere], principal: host })[0]?.Resource).toEqual(written);
      expect(statementsOf({ roles: [anywhere], partition })[0]?.Resource).toEqual(written);
      expect(statementsOf({ roles: [anywhere, role] })[0]?.Resource).toEqual([...written, role]);
    },
  );

  it("is assumed if nothing names one, with a warning if it matters", () => {
    expect(warningsOf({ roles: ["arn:*:iam::123456789012:role/x"] })).toEqual(["partition-assumed"]);
    expect(warningsOf({ variant: "any-role" })).toEqual(["any-role"]);
  });

  it.each<[Partial<IdentityPolicyOptions>, string]>([
    [{ roles: [INVENTORY, "arn:aws-cn:iam::123456789012:role/x"] }, "roles"],
    [{ roles: ["arn:aws-*:iam::123456789012:role/x", INVENTORY] }, "roles"],
    [{ instance: { allowedRoles: ["arn:aws-cn:iam::123456789012:role/*"] }, principal: HOST }, "instance.allowedRoles"],
    [{ roles: [INVENTORY], partition: "aws-us-gov" }, "roles"],
    [{ variant: "any-role", principal: HOST, partition: "aws-us-gov" }, "principal"],
  ])("must be the only one: %j is rejected", (options, field) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field }));
  });
});

describe("invalid options", () => {
  it.each<[object, string]>([
    [{ variant: "all" }, 'variant is invalid: received "all". Allowed: listed-roles, any-role, own-permissions.'],
    [{}, "roles is missing. List the roles, or use the variant any-role or own-permissions."],
    [{ instance: {} }, "instance.allowedRoles is missing."],
    [{ roles: [] }, "roles is empty and allows no role. If the machine assumes no role, use own-permissions."],
    [{ roles: ["Inventory"] }, "roles[0] is invalid: received a string of 9 characters."],
    [{ roles: [INVENTORY], instance: {} }, "roles cannot be combined with an instance."],
    [{ roles: [INVENTORY], role: INVENTORY }, "options.role is not a setting, but looks like roles."],
    [{ roles: [INVENTORY], principal: "arn:aws:iam::111122223333:instance-profile/x" }, "principal is invalid"],
    [{ roles: [INVENTORY], partition: "china" }, "partition is invalid"],
    [{ roles: [INVENTORY], actions: ["ec2:*"] }, "actions cannot be combined with the variant listed-roles."],
    [{ roles: [INVENTORY], authorTagKeys: [1] }, "authorTagKeys[0] is invalid: received a number."],
    [{ roles: [INVENTORY], authorTagKeys: ["a*"] }, 'authorTagKeys is invalid: received "a*".'],
    [{ instance: { tags: { team: "red" } }, authorTagKeys: ["Team"] }, "authorTagKeys.Team conflicts"],
    [{ roles: [INVENTORY], sourceIdentities: [null] }, "sourceIdentities[0] is invalid: received null."],
    [{ roles: [INVENTORY], sourceIdentities: ["aws:x"] }, "sourceIdentities[0] is invalid"],
    [
      { instance: { sourceIdentity: "inventory" }, sourceIdentities: ["ann"] },
      "sourceIdentities cannot be combined with instance.sourceIdentity.",
    ],
    [{ instance: { roleArn: "x" } }, "instance.roleArn is invalid"],
    [{ variant: "own-permissions" }, "actions is missing."],
    [{ variant: "own-permissions", actions: [] }, "actions is invalid: received an empty array."],
    [{ variant: "own-permissions", actions: ["Describe"] }, 'actions[0] is invalid: received "Describe".'],
    [{ variant: "own-permissions", actions: ["ec2:*", "sts:assumeRole"] }, "actions has sts:AssumeRole"],
    [{ variant: "own-permissions", actions: [null] }, "actions[0] is invalid: received null."],
    [
      { variant: "own-permissions", actions: ["ec2:*"], roles: [INVENTORY] },
      "roles cannot be combined with the variant own-permissions.",
    ],
    [{ variant: "any-role", roles: [INVENTORY] }, "roles cannot be combined with the variant any-role."],
    [
      { variant: "own-permissions", actions: ["ec2:*"], authorTagKeys: ["team"] },
      "options has tags or source identities, but with own-permissions",
    ],
    [{ variant: "own-permissions", actions: ["ec2:*"], instance: { roleArn: INVENTORY } }, "instance.roleArn names"],
  ])("%j", (options, message) => {
    expect(() => make(options)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", message: expect.stringContaining(message) }),
    );
  });
});

it("contains no external id", () => {
  const policy = make({ roles: [{ roleArn: INVENTORY, externalId: "acme-4711" }], principal: HOST });
  for (const format of ["json", "terraform", "cloudformation"] as const) {
    expect(formatPolicy(policy, format)).not.toContain("acme-4711");
  }
});
