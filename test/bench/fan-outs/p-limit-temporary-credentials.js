import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import pLimit from "p-limit";

export const label = "p-limit, fromTemporaryCredentials";

export async function run({ roleName, ids, regions, atATime, work, onOutcome }) {
  const limit = pLimit(atATime);
  const inAccount = async (id) => {
    const params = { RoleArn: `arn:aws:iam::${id}:role/${roleName}`, RoleSessionName: "benchmark" };
    const credentials = fromTemporaryCredentials({ params });
    for (const region of regions) {
      await work((Client) => new Client({ region, credentials })).then(
        () => onOutcome(true),
        () => onOutcome(false),
      );
    }
  };
  await Promise.all(ids.map((id) => limit(inAccount, id)));
}
