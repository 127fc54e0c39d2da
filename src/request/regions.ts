import type { RoleArn } from "./role-arn.js";
import type { Chosen } from "./settings-table.js";
import { conflict, readText, type TextRule } from "./validation.js";

/** `defaultRegion`: for STS, if no setting names a region. `test/request/regions.test.ts` compares the table with the SDK's. */
const PARTITIONS = [
  { partition: "aws", prefix: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/, defaultRegion: "us-east-1" },
  { partition: "aws-cn", prefix: /^cn-[a-z]+-\d+$/, defaultRegion: "cn-northwest-1" },
  { partition: "aws-us-gov", prefix: /^us-gov-[a-z]+-\d+$/, defaultRegion: "us-gov-west-1" },
  { partition: "aws-iso", prefix: /^us-iso-[a-z]+-\d+$/, defaultRegion: "us-iso-east-1" },
  { partition: "aws-iso-b", prefix: /^us-isob-[a-z]+-\d+$/, defaultRegion: "us-isob-east-1" },
  { partition: "aws-iso-e", prefix: /^eu-isoe-[a-z]+-\d+$/, defaultRegion: "eu-isoe-west-1" },
  { partition: "aws-iso-f", prefix: /^us-isof-[a-z]+-\d+$/, defaultRegion: "us-isof-south-1" },
  { partition: "aws-eusc", prefix: /^eusc-[a-z]+-[a-z]+-\d+$/, defaultRegion: "eusc-de-east-1" },
] as const;

const REGION: TextRule = {
  pattern: /^[a-z]{2,}(-[a-z]+)+-\d+$/,
  min: 1,
  max: 63,
  allowed: "an AWS region such as eu-central-1",
};

export function readRegion(field: string, value: unknown): string | undefined {
  return readText(field, value, REGION);
}

export function isRegion(text: string): boolean {
  return text.length <= REGION.max && REGION.pattern.test(text);
}

/** @returns `undefined` for a region that is newer than this table */
export function findPartition(region: string): string | undefined {
  return PARTITIONS.find(({ prefix }) => prefix.test(region))?.partition;
}

/** `false` only for a region that is known to be in another partition. */
export function mayBeInPartition(region: string, partition: string): boolean {
  const known = findPartition(region);
  return known === undefined || known === partition || !PARTITIONS.some((row) => row.partition === partition);
}

export function findDefaultRegion(partition: string): string | undefined {
  return PARTITIONS.find((row) => row.partition === partition)?.defaultRegion;
}

/** @throws RolecallError `INVALID_REQUEST` for a region that is known to be outside the role's partition */
export function assertInPartition({ from, value }: Chosen<string>, role: RoleArn | undefined): void {
  if (!role || mayBeInPartition(value, role.partition)) return;
  throw conflict(
    from,
    `is ${value}, but the role is in partition ${role.partition}`,
    "Use a region in the role's partition: credentials are valid in one partition only.",
    role.arn,
  );
}
