/**
 * Commands of one contender at a steady pace, each begun whether those before have ended or not. Prints when each began
 * and how long it waited for its credentials, in seconds and milliseconds of the world outside.
 */
import { setTimeout as realDelay } from "node:timers/promises";
import { EC2Client } from "@aws-sdk/client-ec2";
import { assertSessions, toPlain } from "../lib/sessions.js";

/** Shortly before the first measured command, which must not be a cold one. */
const WARM_UP = 500;

const { contender: path, roleArn, commands, perSecond, startAt } = JSON.parse(process.argv[2]);
const now = globalThis.realNow ?? performance.now.bind(performance);
const start = startAt - performance.timeOrigin;

const { default: contender } = await import(`../${path}.js`);
const made = await contender.create({ roleArns: [roleArn] });
const command = async () => {
  const client = await made.client(EC2Client, { roleArn, region: "eu-central-1" });
  return client.config.credentials();
};

if (now() > start - WARM_UP) throw new Error("The process was not ready in time");
await realDelay(start - WARM_UP - now());
await command();

const waits = [];
const keys = new Set();
const runCommand = async () => {
  const began = now();
  const { accessKeyId } = await command();
  waits.push([(began - start) / 1000, now() - began]);
  keys.add(accessKeyId);
};
const running = [];
for (let number = 0; number < commands; number++) {
  const wait = start + (number * 1000) / perSecond - now();
  if (wait > 0) await realDelay(wait);
  running.push(runCommand());
}
await Promise.all(running);

await assertSessions(process.env.AWS_ENDPOINT_URL, [{ roleArn, credentials: toPlain(await command()) }]);
await made.close();
process.stdout.write(JSON.stringify({ waits, refreshes: keys.size - 1 }), () => process.exit());
