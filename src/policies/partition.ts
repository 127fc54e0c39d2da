import { matchesArn } from "../request/allowed-roles.js";
import { conflict, quoted, readText, type TextRule } from "../request/validation.js";

/** Where nothing names one. */
export const DEFAULT_PARTITION = "aws";

const PARTITION: TextRule = {
  pattern: /^aws(-[a-z0-9]+)*$/,
  min: 1,
  max: 63,
  allowed: "a partition such as aws, aws-cn or aws-us-gov",
};

/** A role's ARN, or a pattern of them, and the option that names it. */
export interface NamedArn {
  readonly field: string;
  readonly arn: string;
}

/**
 * The one partition in which all of these lie, for credentials hold within one: the option's, else that of the first
 * ARN that names one, else `undefined`.
 * @throws RolecallError `INVALID_REQUEST` if an ARN lies in another one
 */
export function readPartition(option: unknown, arns: readonly NamedArn[]): string | undefined {
  const partition =
    readText("partition", option, PARTITION) ?? arns.map(parsePartitionPattern).find((part) => !/[*?]/.test(part));
  if (partition === undefined) return undefined;
  for (const named of arns) {
    if (matchesArn(parsePartitionPattern(named), partition)) continue;
    const message = `names ${quoted(named.arn)}, which is not in the partition ${partition} as the rest is`;
    throw conflict(named.field, message, "Credentials hold within one partition: make documents for each.");
  }
  return partition;
}

function parsePartitionPattern({ arn }: NamedArn): string {
  return arn.split(":")[1] ?? "";
}

/** Of other partitions, such as the isolated ones, no public page of AWS tells it. */
const EC2_PRINCIPALS: Readonly<Record<string, string>> = {
  aws: "ec2.amazonaws.com",
  "aws-cn": "ec2.amazonaws.com.cn",
  "aws-us-gov": "ec2.amazonaws.com",
};

/** EC2's name in a trust policy; `undefined` where it is not known. */
export function ec2ServicePrincipal(partition: string): string | undefined {
  return Object.hasOwn(EC2_PRINCIPALS, partition) ? EC2_PRINCIPALS[partition] : undefined;
}
