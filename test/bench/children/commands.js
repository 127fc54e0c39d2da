/**
 * Many commands of one contender, some at a time, by turns over the client classes and the roles. Prints how many sessions
 * they got, and some of them to look at.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { toPlain } from "../lib/sessions.js";

const LOOKED_AT = 25;
const CLIENTS = { EC2Client, S3Client, DynamoDBClient };

const { contender: name, clients, roleArns, commands, atATime } = JSON.parse(process.argv[2]);
const { default: contender } = await import(`../contenders/${name}.js`);
const made = await contender.create({ roleArns });

const sessions = new Map();
let next = 0;

async function runCommands() {
  while (next < commands) {
    const number = next++;
    const roleArn = roleArns[number % roleArns.length];
    const Client = CLIENTS[clients[number % clients.length]];
    const client = await made.client(Client, { roleArn, region: "eu-central-1" });
    const credentials = await client.config.credentials();
    sessions.set(credentials.accessKeyId, { roleArn, credentials: toPlain(credentials) });
  }
}

await Promise.all(Array.from({ length: atATime }, runCommands));
await made.close();
const every = Math.ceil(sessions.size / LOOKED_AT);
const some = [...sessions.values()].filter((_, index) => index % every === 0);
process.stdout.write(JSON.stringify({ count: sessions.size, some }), () => process.exit());
