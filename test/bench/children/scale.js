/** A resolver that holds many sessions: what a warm question costs, and what three hours of use of ten of them ask of STS. */
import { createCredentialResolver } from "aws-rolecall";
import { createManualClock } from "aws-rolecall/testing";
import { HOUR, madeUpAws, roleArnOf } from "../lib/made-up-sts.js";

const AT_ONCE = 100;
const QUESTIONS = 200_000;
const IN_USE = 10;
const MINUTE = 60_000;

const count = Number(process.argv[2]);
const clock = createManualClock();
const { counts, stsClient, instanceProfile } = madeUpAws(() => clock.now());
const resolver = createCredentialResolver({ runtime: clock, stsClient, instanceProfile, maxSessions: count + 10 });
const instance = { region: "eu-central-1" };
const roleArns = Array.from({ length: count }, (_, number) => roleArnOf(number));
for (let from = 0; from < count; from += AT_ONCE) {
  await Promise.all(roleArns.slice(from, from + AT_ONCE).map((roleArn) => resolver.resolve(instance, { roleArn })));
}

const order = Array.from({ length: QUESTIONS }, () => roleArns[Math.floor(Math.random() * count)]);
for (const roleArn of order.slice(0, QUESTIONS / 4)) await resolver.resolve(instance, { roleArn });
const began = process.hrtime.bigint();
for (const roleArn of order) await resolver.resolve(instance, { roleArn });
const nanoseconds = Number(process.hrtime.bigint() - began) / QUESTIONS;

await clock.advance(HOUR); // every session that is not used any more ends by itself
for (let passed = 0; passed < HOUR; passed += 10 * MINUTE) await clock.advance(10 * MINUTE);
const before = counts.assumeRole;
for (let passed = 0; passed < 3 * HOUR; passed += 5 * MINUTE) {
  for (const roleArn of roleArns.slice(0, IN_USE)) await resolver.resolve(instance, { roleArn });
  await clock.advance(5 * MINUTE);
}
process.stdout.write(JSON.stringify({ nanoseconds, calls: counts.assumeRole - before }), () => process.exit());
