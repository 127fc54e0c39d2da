import { hasWildcard, matchesArn } from "../request/allowed-roles.js";
import { conflict, quoted, readText, type TextRule } from "../request/validation.js";

/** The partition to use if no option or ARN names one. */
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
 * The partition that all ARNs must share, because credentials work only within one partition. Uses the option,
 * otherwise the first ARN that names a partition, otherwise `undefined`.
 * @throws RolecallError `INVALID_REQUEST` if an ARN is in another partition
 */
export function readPartition(option: unknown, arns: readonly NamedArn[]): string | undefined {
  const partition =
    readText("partition", option, PARTITION) ?? arns.map(parsePartitionPattern).find((part) => !hasWildcard(part));
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
