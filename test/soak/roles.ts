/** The roles of a soak, by number. Each lives in an account of its own, so that no two sessions look alike. */
export interface SoakRole {
  readonly roleArn: string;
  readonly accountId: string;
  /** Who a session of this role is. */
  readonly assumedRoleArn: string;
}

/** The machine's name, of which the role session name is made. */
export const HOSTNAME = "soak";

export function soakRole(number: number): SoakRole {
  const accountId = String(100_000_000_000 + number);
  const name = `Role${number}`;
  return {
    accountId,
    roleArn: `arn:aws:iam::${accountId}:role/soak/${name}`,
    assumedRoleArn: `arn:aws:sts::${accountId}:assumed-role/${name}/rolecall-${HOSTNAME}`,
  };
}
