import { forEachAccount } from "aws-rolecall/accounts";

export const label = "aws-rolecall, forEachAccount";

export async function run({ roleName, ids, regions, atATime, work, onOutcome }) {
  const instance = { accounts: { roleName, ids, regions } };
  const options = { concurrency: atATime, regionConcurrency: 1 };
  const inTarget = ({ client }) => work(client);
  for await (const { status } of forEachAccount(instance, {}, inTarget, options)) onOutcome(status === "done");
}
