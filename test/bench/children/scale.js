/**
 * A resolver that holds many sessions: what a warm question costs, and what three hours of use of ten of them ask of STS.
 * With `map`, a Map of as many sessions: what the machine itself takes to find one of them.
 */
import { createCredentialResolver } from "aws-rolecall";
import { createManualClock } from "aws-rolecall/testing";
import { credentialSet, HOUR, madeUpAws, roleArnOf } from "../lib/made-up-sts.js";

const AT_ONCE = 100;
const QUESTIONS = 200_000;
const IN_USE = 10;
const MINUTE = 60_000;

const [way, count] = [process.argv[2], Number(process.argv[3])];
const roleArns = Array.from({ length: count }, (_, number) => roleArnOf(number));
const order = Array.from({ length: QUESTIONS }, () => roleArns[Math.floor(Math.random() * count)]);

/** Nanoseconds for one question. */
async function timeQuestions(ask) {
  for (const roleArn of order.slice(0, QUESTIONS / 4)) await ask(roleArn);
  const began = process.hrtime.bigint();
  for (const roleArn of order) await ask(roleArn);
  return Number(process.hrtime.bigint() - began) / QUESTIONS;
}

async function ofMap() {
  const sessions = new Map(roleArns.map((roleArn) => [roleArn, credentialSet(Date.now())]));
  const nanoseconds = await timeQuestions(async (roleArn) => {
    const session = sessions.get(roleArn);
    if (session.Expiration.getTime() < Date.now()) throw new Error("it has expired");
    return session;
  });
  return { nanoseconds };
}

async function ofRolecall() {
  const clock = createManualClock();
  const { counts, stsClient, instanceProfile } = madeUpAws(() => clock.now());
  const resolver = createCredentialResolver({ runtime: clock, stsClient, instanceProfile, maxSessions: count + 10 });
  const instance = { region: "eu-central-1" };
  const resolve = (roleArn) => resolver.resolve(instance, { roleArn });
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(roleArns.slice(from, from + AT_ONCE).map(resolve));
  }
  const nanoseconds = await timeQuestions(resolve);

  await clock.advance(HOUR); // every session that is not used any more ends by itself
  for (let passed = 0; passed < HOUR; passed += 10 * MINUTE) await clock.advance(10 * MINUTE);
  const before = counts.assumeRole;
  for (let passed = 0; passed < 3 * HOUR; passed += 5 * MINUTE) {
    for (const roleArn of roleArns.slice(0, IN_USE)) await resolve(roleArn);
    await clock.advance(5 * MINUTE);
  }
  return { nanoseconds, calls: counts.assumeRole - before };
}

const result = await { rolecall: ofRolecall, map: ofMap }[way]();
process.stdout.write(JSON.stringify(result), () => process.exit());
