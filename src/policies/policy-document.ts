import type { RoleArn } from "../request/role-arn.js";

/** An IAM policy document. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

/** One statement of a {@link PolicyDocument}. */
export interface PolicyStatement {
  readonly Effect: "Allow" | "Deny";
  readonly Principal?:
    | { readonly AWS: string | readonly string[] }
    | { readonly Service: string }
    | { readonly Federated: string };
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  /** Maps operators to condition keys to allowed values. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What runs the program and gives it the base identity. `irsa`: an EKS service account with an OIDC token. */
export type Machine = "ec2" | "ecs" | "lambda" | "pod-identity" | "irsa";

/** A policy document for the setup, with warnings for the administrator. */
export interface SetupPolicy {
  /**
   * `identity`: what the machine's role or another calling role may do. `trust`: who may assume a role. `permissions`:
   * what the role that commands act as may do. `ec2-trust`, `ecs-trust`, …: lets the platform that runs the program
   * assume the machine's role.
   */
  readonly kind: "identity" | "trust" | `${Machine}-trust` | "permissions";
  readonly document: PolicyDocument;
  /**
   * With `trust`, for a role of `instance.accounts`: the permissions for the calls that the library makes as this role.
   * Terraform and CloudFormation add it to the role; `json` leaves it out, and `identityPolicy` creates it alone.
   */
  readonly permissions?: PolicyDocument | undefined;
  /** The ARN of the role that the document is for; `undefined` if it was not set. */
  readonly roleArn: string | undefined;
  /** The partition of the document, such as `aws` or `aws-cn`. */
  readonly partition: string;
  /** Warnings to check before you use the document. May be empty. */
  readonly warnings: readonly PolicyWarning[];
}

/** A stable code for each kind of warning. */
export type PolicyWarningCode =
  | "any-role"
  | "any-account"
  | "every-role"
  | "every-action"
  | "wildcard-action"
  | "assume-role"
  | "every-resource"
  | "accounts-by-pattern"
  | "any-source-identity"
  | "any-service-account"
  | "partition-assumed"
  | "too-large";

/** Something to check before you use a document. */
export interface PolicyWarning {
  readonly code: PolicyWarningCode;
  /** The problem and what to do about it. */
  readonly message: string;
  /**
   * With `too-large` from `rolePermissions`: how to split the commands over managed policies so that each policy fits.
   * Each list has the command names of one policy.
   */
  readonly split?: readonly (readonly string[])[] | undefined;
}

/** The name of the inline policy with the permissions that the library itself needs. */
export const POLICY_NAME = "aws-rolecall";
/**
 * The name of the inline policy with the permissions that commands need. A role may have both policies, and with the
 * same name, one would replace the other.
 */
export const COMMANDS_POLICY_NAME = "aws-rolecall-commands";

export function warn(code: PolicyWarningCode, message: string): PolicyWarning {
  return { code, message };
}

export function toDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}

/** Follows IAM's convention: a single value without a list. */
export function oneOrList(values: readonly string[]): string | readonly string[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}

/** The size as IAM counts it, without white space. */
export function countCharacters(document: PolicyDocument): number {
  return JSON.stringify(document).length;
}

/** The path of a role, such as `/teams/red/`; `/` if it has none. */
export function toRolePath({ arn, name }: RoleArn): string {
  return arn.slice(arn.indexOf(":role/") + ":role".length, arn.length - name.length);
}
