import type { LocalAws, LocalRole } from "../../src/testing/index.js";
import { setUpLocal } from "./local.js";

export const HUB = "arn:aws:iam::111122223333:role/Hub";
export const OTHER_HUB = "arn:aws:iam::111122223333:role/OtherHub";

/** A role in an account of its own. */
export const targetRole = (number: number) => `arn:aws:iam::${100_000_000_000 + number}:role/Target`;
export const TARGET = targetRole(1);
export const OTHER_TARGET = targetRole(2);

/** Two hubs that the instance profile may assume, and targets that only the hubs may assume. */
export function hubRoles(targets = 2): LocalRole[] {
  const hubs = [HUB, OTHER_HUB].map((roleArn) => ({ roleArn, allowAssumeRole: ["*"] }));
  const behind = Array.from({ length: targets }, (_, index) => ({
    roleArn: targetRole(index + 1),
    trustedPrincipals: [HUB, OTHER_HUB],
  }));
  return [...hubs, ...behind];
}

export const BEHIND_HUB = { sourceRole: HUB, roleArn: TARGET, region: "eu-central-1" } as const;

type Setup = Parameters<typeof setUpLocal>[0];

export function setUpHub({ targets, ...options }: Setup & { targets?: number } = {}) {
  return setUpLocal({ roles: hubRoles(targets), ...options });
}

/** Each call to AssumeRole so far: the role, and the error. */
export function assumedRoles(aws: LocalAws): string[][] {
  return aws.requests
    .filter(({ operation }) => operation === "AssumeRole")
    .map(({ roleArn = "", errorCode }) => (errorCode === undefined ? [roleArn] : [roleArn, errorCode]));
}

/** The access key id that signed the last call for this role. */
export function signerOf(aws: LocalAws, roleArn: string): string {
  const call = aws.requests.findLast(
    ({ operation, ...request }) => operation === "AssumeRole" && request.roleArn === roleArn,
  );
  if (call?.accessKeyId === undefined) throw new Error(`nobody asked for ${roleArn}`);
  return call.accessKeyId;
}
