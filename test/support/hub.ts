import type { LocalRole } from "../../src/testing/index.js";
import { setUpLocal } from "./local.js";

export const HUB = "arn:aws:iam::111122223333:role/Hub";
export const OTHER_HUB = "arn:aws:iam::111122223333:role/OtherHub";

/** A role in an account of its own. */
export const targetRole = (number: number) => `arn:aws:iam::${100_000_000_000 + number}:role/Target`;
export const TARGET = targetRole(1);

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
