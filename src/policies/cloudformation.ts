import type { RoleArn } from "../request/role-arn.js";
import {
  COMMANDS_POLICY_NAME,
  POLICY_NAME,
  type PolicyDocument,
  type SetupPolicy,
  toRolePath,
} from "./policy-document.js";

/**
 * A CloudFormation template in YAML. It uses fixed logical ids and no `Fn::Sub`, so names and patterns are never
 * interpreted. It names roles, so deploying it requires CAPABILITY_NAMED_IAM.
 */
export function toCloudFormation(policy: SetupPolicy, role: RoleArn): string {
  return `${toYaml({ AWSTemplateFormatVersion: "2010-09-09", ...TEMPLATES[policy.kind](policy, role) })}\n`;
}

const TEMPLATES: Record<SetupPolicy["kind"], (policy: SetupPolicy, role: RoleArn) => object> = {
  identity: ({ document }, role) => permissionsTemplate(document, role, POLICY_NAME),
  permissions: ({ document }, role) => permissionsTemplate(document, role, COMMANDS_POLICY_NAME),
  trust: ({ document, permissions }, role) => ({
    Description: `The role ${role.name} and its trust policy`,
    Resources: { Role: roleResource(document, role, permissions) },
  }),
  "ecs-trust": machineRole,
  "lambda-trust": machineRole,
  "pod-identity-trust": machineRole,
  "irsa-trust": machineRole,
  "ec2-trust": ({ document }, role) => ({
    Description: `The machine's role ${role.name} and its instance profile`,
    Resources: {
      Role: roleResource(document, role),
      InstanceProfile: {
        Type: "AWS::IAM::InstanceProfile",
        Properties: { InstanceProfileName: role.name, Path: toRolePath(role), Roles: [{ Ref: "Role" }] },
      },
    },
  }),
};

function machineRole({ document }: SetupPolicy, role: RoleArn) {
  return { Description: `The machine's role ${role.name}`, Resources: { Role: roleResource(document, role) } };
}

function permissionsTemplate(document: PolicyDocument, { name }: RoleArn, policyName: string) {
  return {
    Description: `Permissions of the role ${name}`,
    Resources: {
      Policy: {
        Type: "AWS::IAM::Policy",
        Properties: { PolicyName: policyName, Roles: [name], PolicyDocument: document },
      },
    },
  };
}

function roleResource(document: PolicyDocument, role: RoleArn, permissions?: PolicyDocument) {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      RoleName: role.name,
      Path: toRolePath(role),
      AssumeRolePolicyDocument: document,
      ...(permissions && { Policies: [{ PolicyName: POLICY_NAME, PolicyDocument: permissions }] }),
    },
  };
}

/**
 * Formats a value as YAML 1.1, which CloudFormation reads. Quotes every string, so that no YAML version reads one as a
 * date or number.
 */
function toYaml(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}- ${toYaml(item, `${indent}  `).trimStart()}`).join("\n");
  }
  return Object.entries(value)
    .map(([key, item]) => {
      const inner = toYaml(item, `${indent}  `);
      return `${indent}${toKey(key)}:${typeof item === "object" ? `\n${inner}` : ` ${inner}`}`;
    })
    .join("\n");
}

function toKey(key: string): string {
  return /^[A-Za-z]+$/.test(key) ? key : JSON.stringify(key);
}
