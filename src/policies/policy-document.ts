import type { RoleArn } from "../request/role-arn.js";
import type { PolicyWarning } from "./policy-warnings.js";

/** An IAM policy document, as IAM takes it. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

/** One statement of a {@link PolicyDocument}. */
export interface PolicyStatement {
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: { readonly AWS: string | readonly string[] } | { readonly Service: string };
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  /** Operator to condition key to the values that it may have. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A document of the set-up, and what an administrator should know before it is used. */
export interface SetupPolicy {
  /** `identity`: what a role may do. `trust`: who may assume a role. `ec2-trust`: that EC2 may hand a role to a machine. */
  readonly kind: "identity" | "trust" | "ec2-trust";
  readonly document: PolicyDocument;
  /** The ARN of the role that the document belongs to. `undefined` if it was not given. */
  readonly roleArn: string | undefined;
  /** Where the document lies: `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string;
  /** Empty if there is nothing to say. */
  readonly warnings: readonly PolicyWarning[];
}

export function toDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}

/** IAM's usual form: one value stands alone, several make a list. */
export function oneOrList(values: readonly string[]): string | readonly string[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}

/** The path of a role, such as `/teams/red/`; `/` for none. */
export function toRolePath({ arn, name }: RoleArn): string {
  return arn.slice(arn.indexOf(":role/") + ":role".length, arn.length - name.length);
}
