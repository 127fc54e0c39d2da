import { matchesArn } from "../request/allowed-roles.js";
import { conflict, quoted, readText, type TextRule } from "../request/validation.js";

/** The partition if nothing names one. */
export const DEFAULT_PARTITION = "aws";

const PARTITION: TextRule = {
  pattern: /^aws(-[a-z0-9]+)*$/,
  min: 1,
  max: 63,
  allowed: "a partition such as aws, aws-cn or aws-us-gov",
};

/** A role ARN or ARN pattern, and the option that it comes from. */
export interface NamedArn {
  readonly field: string;
  readonly arn: string;
}

/**
 * The partition that all the ARNs share, because credentials work within one partition. Taken from the option, or from
 * the first ARN that names one; otherwise `undefined`.
 * @throws RolecallError `INVALID_REQUEST` if an ARN is in another partition
 */
export function readPartition(option: unknown, arns: readonly NamedArn[]): string | undefined {
  const partition =
    readText("partition", option, PARTITION) ?? arns.map(parsePartitionPattern).find((part) => !/[*?]/.test(part));
  if (partition === undefined) return undefined;
  for (const named of arns) {
    if (matchesArn(parsePartitionPattern(named), partition)) continue;
    const message = `names ${quoted(named.arn)}, which is not in the partition ${partition}`;
    throw conflict(named.field, message, "Create a separate document for each partition.");
  }
  return partition;
}

function parsePartitionPattern({ arn }: NamedArn): string {
  return arn.split(":")[1] ?? "";
}

/** AWS does not publish the names for other partitions, such as the isolated ones. */
const EC2_PRINCIPALS: Readonly<Record<string, string>> = {
  aws: "ec2.amazonaws.com",
  "aws-cn": "ec2.amazonaws.com.cn",
  "aws-us-gov": "ec2.amazonaws.com",
};

/** The EC2 service principal of a partition; `undefined` if unknown. */
export function ec2ServicePrincipal(partition: string): string | undefined {
  return Object.hasOwn(EC2_PRINCIPALS, partition) ? EC2_PRINCIPALS[partition] : undefined;
}
