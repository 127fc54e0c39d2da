/** An integration to bundle: one command as the machine's own identity, and one as a role. */
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { getClientForCommand } from "aws-rolecall";

async function run() {
  const region = "eu-west-1";
  for (const instance of [{ region }, { region, roleArn: process.env.ROLE_ARN }]) {
    const client = getClientForCommand(DynamoDBClient, instance);
    await client.send(new ListTablesCommand({}));
  }
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
