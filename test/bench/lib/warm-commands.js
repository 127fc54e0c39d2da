import { fileURLToPath } from "node:url";
import { startAws } from "./aws-process.js";
import { runChild } from "./child.js";

const CHILD = fileURLToPath(new URL("../children/warm-commands.js", import.meta.url));
/** One role in each of AWS's documentation accounts. */
const ROLE_ARNS = ["111122223333", "123456789012", "444455556666", "777788889999"].map(
  (account) => `arn:aws:iam::${account}:role/Inventory`,
);

/** Nanoseconds by subject and round: `{ command, client, provider }`. Subjects take turns, in processes of their own. */
export async function timeWarmCommands(subjects, rounds) {
  const results = new Map(subjects.map(({ label }) => [label, []]));
  const aws = await startAws({ roles: ROLE_ARNS.map((roleArn) => ({ roleArn })) });
  for (let round = 0; round < rounds; round++) {
    for (const { label, contender } of subjects) {
      const args = [JSON.stringify({ contender, roleArns: ROLE_ARNS })];
      results.get(label).push(await runChild(CHILD, { env: aws.env, args }));
    }
  }
  await aws.close();
  return results;
}
