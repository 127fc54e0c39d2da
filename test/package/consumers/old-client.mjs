/** Prints who signed a call of an SDK 3.699 client, and its result. */
import { getClientForCommand } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";
import { DynamoDBClient, ListTablesCommand } from "dynamodb-3.699";

const roleArn = "arn:aws:iam::123456789012:role/Auditor";
const aws = await startLocalAws({ roles: [{ roleArn }] });
Object.assign(process.env, aws.env);

const client = getClientForCommand(DynamoDBClient, { roleArn, region: "eu-west-1" });
await client.send(new ListTablesCommand({}));
const { operation, region, session, status } = aws.requests.at(-1);
console.log(JSON.stringify({ operation, region, signedAs: session.roleArn, status }));
await aws.close();
