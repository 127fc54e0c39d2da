import type { RoleArn } from "../request/role-arn.js";
import {
  COMMANDS_POLICY_NAME,
  POLICY_NAME,
  type PolicyDocument,
  type SetupPolicy,
  toRolePath,
} from "./policy-document.js";

/** Terraform resources (HCL) that contain the document. */
export function toTerraform({ kind, document, permissions }: SetupPolicy, role: RoleArn): string {
  const label = toLabel(role.name);
  switch (kind) {
    case "identity":
      return permissionsResource(label, document, toHcl(role.name));
    case "permissions":
      return permissionsResource(`${label}-commands`, document, toHcl(role.name), COMMANDS_POLICY_NAME);
    case "trust":
      return [
        roleResource(label, document, role),
        ...(permissions ? [permissionsResource(label, permissions, `aws_iam_role.${label}.name`)] : []),
      ].join("\n");
    case "ecs-trust":
    case "lambda-trust":
    case "pod-identity-trust":
    case "irsa-trust":
      return roleResource(label, document, role);
    case "ec2-trust":
      return [
        roleResource(label, document, role),
        resource("aws_iam_instance_profile", label, {
          name: toHcl(role.name),
          path: toHcl(toRolePath(role)),
          role: `aws_iam_role.${label}.name`,
        }),
      ].join("\n");
  }
}

/** @param role the role's name, as HCL */
function permissionsResource(label: string, document: PolicyDocument, role: string, name = POLICY_NAME): string {
  return resource("aws_iam_role_policy", label, { name: toHcl(name), role, policy: jsonEncoded(document) });
}

function roleResource(label: string, document: PolicyDocument, role: RoleArn): string {
  return resource("aws_iam_role", label, {
    name: toHcl(role.name),
    path: toHcl(toRolePath(role)),
    assume_role_policy: jsonEncoded(document),
  });
}

/** A valid Terraform name: letters, digits, `_` and `-`, not starting with a digit or `-`. */
function toLabel(roleName: string): string {
  const label = roleName.replace(/[^A-Za-z0-9_-]/g, "_");
  return /^[A-Za-z_]/.test(label) ? label : `_${label}`;
}

function resource(type: string, label: string, attributes: Record<string, string>): string {
  return `resource "${type}" "${label}" {\n${assignments(Object.entries(attributes), "  ")}}\n`;
}

function jsonEncoded(document: PolicyDocument): string {
  return `jsonencode(${toHcl(document, "  ")})`;
}

/** Formats a value as an HCL literal. Doubles `$` and `%` where they would start a template. */
function toHcl(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value).replace(/[$%](?=\{)/g, "$&$&");
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${toHcl(item, inner)},\n`).join("")}${indent}]`;
  }
  const entries = Object.entries(value).map(([key, item]): [string, string] => [toKey(key), toHcl(item, inner)]);
  return `{\n${assignments(entries, inner)}${indent}}`;
}

/** Aligns the equals signs of adjacent one-line attributes, like `terraform fmt`. */
function assignments(entries: readonly [string, string][], indent: string): string {
  const isShort = (index: number) => entries[index]?.[1].includes("\n") === false;
  const widthAt = (index: number) => {
    if (!isShort(index)) return 0;
    let [from, to] = [index, index];
    while (isShort(from - 1)) from--;
    while (isShort(to + 1)) to++;
    return Math.max(...entries.slice(from, to + 1).map(([key]) => key.length));
  };
  return entries.map(([key, text], index) => `${indent}${key.padEnd(widthAt(index))} = ${text}\n`).join("");
}

function toKey(key: string): string {
  return /^[A-Za-z]+$/.test(key) ? key : toHcl(key);
}
