import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

/**
 * Throws unless AWS knows each set of credentials as a session of the role that it was asked for: a contender that is
 * fast and wrong has no place in a table.
 */
export async function assertSessions(endpoint, sessions) {
  if (sessions.length === 0) throw new Error("No session was obtained");
  for (const { roleArn, credentials } of sessions) {
    const sts = new STSClient({ endpoint, region: "eu-central-1", credentials: { ...credentials } });
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    sts.destroy();
    const expected = `${roleArn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/`;
    if (!Arn.startsWith(expected)) throw new Error(`Credentials of ${Arn} where ${roleArn} was asked for`);
  }
}

/** The parts of credentials that sign, as plain data: some contenders hide theirs from JSON. */
export function toPlain({ accessKeyId, secretAccessKey, sessionToken }) {
  return { accessKeyId, secretAccessKey, sessionToken };
}
