import { randomBytes } from "node:crypto";

export const HOUR = 3_600_000;

/** As long as AWS's, and each a text of its own. */
const text = (length) => randomBytes(length).toString("base64").slice(0, length);

/** A credential set as STS answers with. */
export function credentialSet(now) {
  return {
    AccessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
    SecretAccessKey: Buffer.from(text(40)).toString(),
    SessionToken: Buffer.from(text(800)).toString(),
    Expiration: new Date(now + HOUR),
  };
}

export const roleArnOf = (number) => `arn:aws:iam::123456789012:role/Role${String(number).padStart(6, "0")}`;

/** For a resolver's `stsClient` and `instanceProfile`: answers at once, and counts. */
export function madeUpAws(now) {
  const counts = { assumeRole: 0 };
  return {
    counts,
    stsClient: {
      async send({ input }) {
        counts.assumeRole++;
        const Arn = `${input.RoleArn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/benchmark`;
        return { Credentials: credentialSet(now()), AssumedRoleUser: { Arn, AssumedRoleId: "AROA:benchmark" } };
      },
    },
    instanceProfile: async () => ({ accessKeyId: "ASIAMADEUPMADEUP0001", secretAccessKey: "never-used" }),
  };
}
