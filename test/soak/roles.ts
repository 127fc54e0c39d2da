/** The roles of a soak run, by number. Each is in a separate account, so that no two sessions are alike. */
export interface SoakRole {
  readonly roleArn: string;
  readonly accountId: string;
  /** The identity of a session of this role. */
  readonly assumedRoleArn: string;
}

/** The hostname, from which the role session name is derived. */
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
