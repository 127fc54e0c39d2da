import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CommandPermissions,
  ec2TrustPolicy,
  formatPolicy,
  identityPolicy,
  machineTrustPolicy,
  rolePermissions,
  type SetupPolicy,
  trustPolicy,
} from "../../src/policies/index.js";
import {
  commandPermissions,
  externalId,
  hostileRole,
  PARTITIONS,
  pattern,
  sourceIdentity,
  tags,
} from "./arbitraries.js";
import { readCloudFormation, readTerraform } from "./read-back.js";

const HOST = "arn:aws:iam::111122223333:role/integrations/integration-host";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";

describe("the three formats", () => {
  const identity = identityPolicy({ variant: "listed-roles", roles: [INVENTORY], principal: HOST });
  const trust = trustPolicy({ principal: HOST, role: INVENTORY, externalId: "acme-4711" });
  const ec2Trust = ec2TrustPolicy({ principal: HOST });

  it("json contains only the document", () => {
    const text = formatPolicy(identity, "json");
    expect(JSON.parse(text)).toEqual(identity.document);
    expect(text).toMatch(/^\{\n {2}"Version": "2012-10-17",\n[\s\S]*\n\}\n$/);
  });

  it("json escapes the characters that IAM does not accept raw", () => {
    const policy = trustPolicy({ principal: HOST, instance: { roleArn: INVENTORY, tags: { 部門: "営業" } } });
    const text = formatPolicy(policy, "json");
    expect(text).not.toMatch(/[\u0100-\uffff]/);
    expect(JSON.parse(text)).toEqual(policy.document);
    for (const format of ["terraform", "cloudformation"] as const) {
      expect(() => formatPolicy(policy, format)).toThrow(/^format is \w+, and a tag has characters above U\+00FF\. /);
    }
  });

  it("terraform is formatted like `terraform fmt`", () => {
    expect(formatPolicy(identity, "terraform")).toBe(`resource "aws_iam_role_policy" "integration-host" {
  name = "aws-rolecall"
  role = "integration-host"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "sts:AssumeRole"
        Resource = [
          "arn:aws:iam::123456789012:role/Inventory",
        ]
      },
    ]
  })
}
`);
  });

  it("terraform creates the machine's role and its instance profile", () => {
    expect(readTerraform(formatPolicy(ec2Trust, "terraform"))).toEqual({
      aws_iam_role: {
        "integration-host": [
          { name: "integration-host", path: "/integrations/", assume_role_policy: ec2Trust.document },
        ],
      },
      aws_iam_instance_profile: {
        "integration-host": [
          { name: "integration-host", path: "/integrations/", role: `\${aws_iam_role.integration-host.name}` },
        ],
      },
    });
  });

  it("cloudformation creates the machine's role and its instance profile in a template", () => {
    expect(readCloudFormation(formatPolicy(ec2Trust, "cloudformation"))).toEqual({
      AWSTemplateFormatVersion: "2010-09-09",
      Description: "The machine's role integration-host and its instance profile",
      Resources: {
        Role: {
          Type: "AWS::IAM::Role",
          Properties: {
            RoleName: "integration-host",
            Path: "/integrations/",
            AssumeRolePolicyDocument: ec2Trust.document,
          },
        },
        InstanceProfile: {
          Type: "AWS::IAM::InstanceProfile",
          Properties: { InstanceProfileName: "integration-host", Path: "/integrations/", Roles: [{ Ref: "Role" }] },
        },
      },
    });
  });

  it.each([
    machineTrustPolicy({ machine: "ecs", principal: HOST }),
    machineTrustPolicy({ machine: "lambda", principal: HOST }),
    machineTrustPolicy({ machine: "pod-identity", principal: HOST, namespace: "integrations" }),
    machineTrustPolicy({
      machine: "irsa",
      principal: HOST,
      issuer: "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
      namespace: "integrations",
      serviceAccount: "inventory",
    }),
  ])("terraform and cloudformation create only the role if the machine is not EC2: $kind", (policy) => {
    expect(readTerraform(formatPolicy(policy, "terraform"))).toEqual({
      aws_iam_role: {
        "integration-host": [{ name: "integration-host", path: "/integrations/", assume_role_policy: policy.document }],
      },
    });
    const template = readCloudFormation(formatPolicy(policy, "cloudformation"));
    expect(template.Description).toBe("The machine's role integration-host");
    expect(template.Resources).toEqual({
      Role: {
        Type: "AWS::IAM::Role",
        Properties: {
          RoleName: "integration-host",
          Path: "/integrations/",
          AssumeRolePolicyDocument: policy.document,
        },
      },
    });
  });

  it("cloudformation attaches the policy to the machine's role", () => {
    expect(readCloudFormation(formatPolicy(identity, "cloudformation")).Resources).toEqual({
      Policy: {
        Type: "AWS::IAM::Policy",
        Properties: { PolicyName: "aws-rolecall", Roles: ["integration-host"], PolicyDocument: identity.document },
      },
    });
  });

  it("terraform and cloudformation require the ARN of the document's role", () => {
    for (const policy of [ec2TrustPolicy(), identityPolicy({ variant: "any-role" })]) {
      expect(() => formatPolicy(policy, "terraform")).toThrow("principal is missing, but terraform requires it.");
      expect(() => formatPolicy(policy, "cloudformation")).toThrow("principal is missing, but cloudformation");
    }
    expect(() => formatPolicy(trust, "xml" as "json")).toThrow(
      'format is invalid: received "xml". Allowed: json, terraform, cloudformation.',
    );
  });
});

/** Every kind of document, from any valid input. */
const policies: fc.Arbitrary<SetupPolicy> = fc.constantFrom(...PARTITIONS).chain((partition) =>
  fc
    .record({
      principal: hostileRole(partition),
      role: hostileRole(partition),
      others: fc.array(pattern(partition), { maxLength: 4 }),
      externalId: fc.option(externalId, { nil: undefined }),
      sourceIdentity: fc.option(sourceIdentity, { nil: undefined }),
      tags,
      accountRoot: fc.boolean(),
      commands: commandPermissions,
      kind: fc.constantFrom("identity", "trust", "ec2", "ecs", "lambda", "pod-identity", "irsa", "permissions"),
    })
    .map(({ principal, role, others, commands, kind, accountRoot, ...labels }) => {
      if (kind === "permissions") return rolePermissions(inPartition(commands, partition), { role: principal });
      const instance = { roleArn: role, allowedRoles: [role, ...others], ...labels };
      const pod = { principal, namespace: "team-*", serviceAccount: "inventory" };
      switch (kind) {
        case "identity":
          return identityPolicy({ variant: "listed-roles", instance, principal });
        case "trust":
          return trustPolicy({ instance, principal, accountRoot });
        case "pod-identity":
          return machineTrustPolicy({ machine: kind, ...pod });
        case "irsa":
          return machineTrustPolicy({ machine: kind, issuer: "https://oidc.example.com/id/EXAMPLE", ...pod });
        default:
          return machineTrustPolicy({ machine: kind, principal });
      }
    }),
);

/** The same permissions on the resources of another partition. */
function inPartition(commands: CommandPermissions, partition: string): CommandPermissions {
  return JSON.parse(JSON.stringify(commands).replaceAll('"arn:aws:', `"arn:${partition}:`));
}

/** The documents in resources, whatever name the resource type has for them. */
function documentsIn(resources: Record<string, unknown>[]): unknown[] {
  return resources.flatMap((properties) =>
    ["policy", "assume_role_policy", "PolicyDocument", "AssumeRolePolicyDocument"]
      .map((name) => properties[name])
      .filter((value) => value !== undefined),
  );
}

/** Whether the resource is a policy of a role that exists, not a role. */
const attaches = ({ kind }: SetupPolicy) => kind === "identity" || kind === "permissions";

it("for any valid input, each format parses back to the same document and names", {
  timeout: 30_000,
}, () => {
  fc.assert(
    fc.property(policies, (policy) => {
      const name = policy.roleArn?.slice(policy.roleArn.lastIndexOf("/") + 1);
      expect(JSON.parse(formatPolicy(policy, "json"))).toEqual(policy.document);

      const hcl = readTerraform(formatPolicy(policy, "terraform"));
      const resources = Object.values(hcl).flatMap((labels) => Object.values(labels).flat());
      for (const label of Object.values(hcl).flatMap(Object.keys)) expect(label).toMatch(/^[A-Za-z_][\w-]*$/);
      expect(documentsIn(resources)).toEqual([policy.document]);
      expect(resources[0]).toMatchObject(attaches(policy) ? { role: name } : { name });

      const yaml = formatPolicy(policy, "cloudformation");
      const properties = Object.values(readCloudFormation(yaml).Resources).map(({ Properties }) => Properties);
      expect(documentsIn(properties)).toEqual([policy.document]);
      expect(properties[0]).toMatchObject(attaches(policy) ? { Roles: [name] } : { RoleName: name });
      expect(yaml).not.toMatch(/Fn::|\{\{resolve:/);
    }),
    { numRuns: 150 },
  );
});

it.each<[string, unknown, unknown]>([
  ["policy", undefined, "json"],
  ["policy", {}, "json"],
  ["policy", [], "terraform"],
  ["policy", { kind: "toString" }, "json"],
  ["policy.document", { kind: "trust" }, "json"],
  ["policy.document", { kind: "trust", document: { Statement: [10n] } }, "json"],
  ["policy.roleArn", { kind: "trust", document: {}, roleArn: 5 }, "terraform"],
  ["policy.extra", { kind: "trust", document: {}, extra: 1 }, "cloudformation"],
  ["format", undefined, Symbol("json")],
  ["format", undefined, { toString: () => "json" }],
  ["format", undefined, undefined],
])("an invalid %s is one of the library's errors", (field, policy, format) => {
  expect(() => formatPolicy(policy as never, format as never)).toThrow(
    expect.objectContaining({ code: "INVALID_REQUEST", field }),
  );
});
