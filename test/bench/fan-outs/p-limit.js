import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import pLimit from "p-limit";

export const label = "p-limit, AssumeRole once per account";

export async function run({ roleName, ids, regions, atATime, work, onOutcome }) {
  const sts = new STSClient({});
  const limit = pLimit(atATime);
  const inAccount = async (id) => {
    const RoleArn = `arn:aws:iam::${id}:role/${roleName}`;
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "benchmark" }));
    const credentials = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    };
    for (const region of regions) {
      await work((Client) => new Client({ region, credentials })).then(
        () => onOutcome(true),
        () => onOutcome(false),
      );
    }
  };
  await Promise.all(ids.map((id) => limit(inAccount, id)));
}
