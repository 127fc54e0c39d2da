import { createHash } from "node:crypto";
import { shown } from "./read-options.js";

/** The parts of a role or user ARN. `name` does not include the path. */
export interface PrincipalArn {
  partition: string;
  accountId: string;
  name: string;
}

const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]{1,64})$/;
const USER_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):user\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]{1,64})$/;

export function parseRoleArn(arn: string): PrincipalArn | undefined {
  return parse(ROLE_ARN, arn);
}

export function parseUserArn(arn: string): PrincipalArn | undefined {
  return parse(USER_ARN, arn);
}

export function assertRoleArn(option: string, arn: string): PrincipalArn {
  const parsed = parseRoleArn(arn);
  if (parsed === undefined) throw new TypeError(`${option} must be a role ARN, got ${shown(arn)}`);
  return parsed;
}

/** The ARN of a role session, which does not include the role's path. */
function assumedRoleArn({ partition, accountId, name }: PrincipalArn, roleSessionName: string): string {
  return `arn:${partition}:sts::${accountId}:assumed-role/${name}/${roleSessionName}`;
}

/**
 * The identity of a role session, without its keys.
 * @throws TypeError naming `option` if the ARN is not a role's
 */
export function roleSessionIdentity(option: string, roleArn: string, roleSessionName: string) {
  const role = assertRoleArn(option, roleArn);
  return {
    arn: assumedRoleArn(role, roleSessionName),
    accountId: role.accountId,
    userId: `${uniqueId("AROA", roleArn)}:${roleSessionName}`,
    roleArn,
    roleSessionName,
  };
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The IAM unique id of a principal, such as `AROA` and 17 more characters. Deterministic for each ARN. */
export function uniqueId(prefix: "AROA" | "AIDA" | "AIPA", arn: string): string {
  const digest = createHash("sha256").update(arn).digest();
  return prefix + toBase32(digest.subarray(0, 17));
}

/** One character of `A-Z2-7` per byte. */
export function toBase32(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => BASE32[byte % 32]).join("");
}

function parse(shape: RegExp, arn: unknown): PrincipalArn | undefined {
  const match = typeof arn === "string" ? shape.exec(arn) : null;
  if (match === null) return undefined;
  const [, partition = "", accountId = "", name = ""] = match;
  return { partition, accountId, name };
}
