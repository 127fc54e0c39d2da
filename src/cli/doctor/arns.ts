/** Whether the identity is a role session. */
export function isRoleSession(arn: string): boolean {
  return arn.includes(":assumed-role/");
}

/** The role or user behind an identity. The path is missing for a session, because its ARN does not contain it. */
export function toPrincipalArn(callerArn: string): string {
  return callerArn.replace(/^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, "arn:$1:iam::$2:role/$3");
}

export function describePrincipal(callerArn: string | undefined): string {
  if (callerArn === undefined) return "the base identity's role or user";
  return `${toPrincipalArn(callerArn)}${isRoleSession(callerArn) ? " (with its path, if it has one)" : ""}`;
}

export function parsePartition(arn: string): string {
  return arn.split(":")[1] ?? "";
}

export function parseAccountId(arn: string): string {
  return arn.split(":")[4] ?? "";
}

export function parseRoleName(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf("/") + 1);
}
