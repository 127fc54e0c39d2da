import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

/**
 * Throws unless AWS knows each set of credentials as a session of the role that it was asked for: a contender that is
 * fast and wrong has no place in a table.
 */
export async function assertSessions(endpoint, sessions) {
  if (sessions.length === 0) throw new Error("No session was obtained");
  const [mistaken] = await mistakenSessions(endpoint, sessions);
  if (mistaken) throw new Error(`Credentials of ${mistaken.arn} where ${mistaken.roleArn} was asked for`);
}

/** Those sessions that are of another identity than the role that was asked for, with the `arn` of that identity. */
export async function mistakenSessions(endpoint, sessions) {
  const mistaken = [];
  for (const { roleArn, credentials } of sessions) {
    const sts = new STSClient({ endpoint, region: "eu-central-1", credentials: { ...credentials } });
    const { Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    sts.destroy();
    const expected = `${roleArn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/`;
    if (!arn.startsWith(expected)) mistaken.push({ roleArn, arn });
  }
  return mistaken;
}

/** The parts of credentials that sign, as plain data: some contenders hide theirs from JSON. */
export function toPlain({ accessKeyId, secretAccessKey, sessionToken }) {
  return { accessKeyId, secretAccessKey, sessionToken };
}
