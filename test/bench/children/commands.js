/**
 * Many commands of one contender, some at a time, in alternation over the client classes and the roles. Prints how many different
 * sessions they got, and some of them to look at, each with the role that it was given for.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { toPlain } from "../lib/sessions.js";

const CLIENTS = { EC2Client, S3Client, DynamoDBClient };

const { contender: name, clients, roleArns, commands, atATime, show } = JSON.parse(process.argv[2]);
const { default: contender } = await import(`../contenders/${name}.js`);
const made = await contender.create({ roleArns });

const given = new Map();
const keys = new Set();
let next = 0;

async function runCommands() {
  while (next < commands) {
    const number = next++;
    const roleArn = roleArns[number % roleArns.length];
    const Client = CLIENTS[clients[number % clients.length]];
    const client = await made.client(Client, { roleArn, region: "eu-central-1" });
    const credentials = await client.config.credentials();
    given.set(`${roleArn} ${credentials.accessKeyId}`, { roleArn, credentials: toPlain(credentials) });
    keys.add(credentials.accessKeyId);
  }
}

await Promise.all(Array.from({ length: atATime }, runCommands));
await made.close();
const every = Math.ceil(given.size / show);
const some = [...given.values()].filter((_, index) => index % every === 0);
process.stdout.write(JSON.stringify({ count: keys.size, some }), () => process.exit());
