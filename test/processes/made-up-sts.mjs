import { createHash, randomBytes } from "node:crypto";

const partOf = (roleArn, accessKeyId, part) =>
  createHash("sha512").update(`${part} of ${roleArn} ${accessKeyId}`).digest("base64");

/** Issues sessions whose secret and token are derived from the role and the access key id. */
export function madeUpSts() {
  return {
    async send({ input: { RoleArn, RoleSessionName } }) {
      const AccessKeyId = `ASIA${randomBytes(8).toString("hex").toUpperCase()}`;
      const [, , , , accountId] = RoleArn.split(":");
      const name = RoleArn.slice(RoleArn.lastIndexOf("/") + 1);
      return {
        Credentials: {
          AccessKeyId,
          SecretAccessKey: partOf(RoleArn, AccessKeyId, "secret"),
          SessionToken: partOf(RoleArn, AccessKeyId, "token").repeat(10),
          Expiration: new Date(Date.now() + 3_600_000),
        },
        AssumedRoleUser: {
          Arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${RoleSessionName}`,
          AssumedRoleId: `AROAEXAMPLEEXAMPLE00:${RoleSessionName}`,
        },
      };
    },
  };
}

export function isMadeUp(roleArn, { accessKeyId, secretAccessKey, sessionToken }) {
  return (
    secretAccessKey === partOf(roleArn, accessKeyId, "secret") &&
    sessionToken === partOf(roleArn, accessKeyId, "token").repeat(10)
  );
}
