/** Heap per held session, in bytes, of one way to hold them. */

import { Readable } from "node:stream";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from "@smithy/core";
import { HttpResponse } from "@smithy/core/protocols";
import { createCredentialResolver } from "aws-rolecall";
import { createManualClock } from "aws-rolecall/testing";
import { credentialSet, HOUR, madeUpAws, roleArnOf } from "../lib/made-up-sts.js";

const AT_ONCE = 100;
const kept = [];

async function heap() {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const ways = {
  text: (count) => {
    for (let number = 0; number < count; number++) {
      const { AccessKeyId, SecretAccessKey, SessionToken } = credentialSet(0);
      kept.push(AccessKeyId, SecretAccessKey, SessionToken);
    }
  },
  map: (count) => {
    const sessions = new Map();
    kept.push(sessions);
    for (let number = 0; number < count; number++) {
      const set = credentialSet(Date.now());
      const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = set;
      const session = { accessKeyId, secretAccessKey, sessionToken, expiration: set.Expiration };
      sessions.set(roleArnOf(number), { session, expires: set.Expiration.getTime() });
    }
  },
  sdk: async (count) => {
    const credentials = { accessKeyId: "ASIAMADEUPMADEUP0001", secretAccessKey: "never-used" };
    for (let number = 0; number < count; number++) {
      const params = { RoleArn: roleArnOf(number), RoleSessionName: "benchmark" };
      const clientConfig = { region: "eu-central-1", requestHandler: { handle: async () => ({ response: answer() }) } };
      const read = fromTemporaryCredentials({ params, clientConfig, masterCredentials: credentials });
      const provider = memoizeIdentityProvider(read, isIdentityExpired, doesIdentityRequireRefresh);
      await provider();
      kept.push(provider);
    }
  },
};

function answer() {
  const { Expiration, ...texts } = credentialSet(Date.now());
  const fields = Object.entries({ ...texts, Expiration: Expiration.toISOString() });
  const xml = fields.map(([name, value]) => `<${name}>${value}</${name}>`).join("");
  const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${xml}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  return new HttpResponse({
    statusCode: 200,
    headers: { "content-type": "text/xml" },
    body: Readable.from([Buffer.from(body)]),
  });
}

async function ofRolecall(count) {
  const clock = createManualClock();
  const { stsClient, instanceProfile } = madeUpAws(() => clock.now());
  const resolver = createCredentialResolver({ runtime: clock, stsClient, instanceProfile, maxSessions: count + 10 });
  const instance = { region: "eu-central-1" };
  const use = async () => {
    for (let from = 0; from < count; from += AT_ONCE) {
      const roleArns = Array.from({ length: AT_ONCE }, (_, index) => roleArnOf(from + index));
      await Promise.all(roleArns.map((roleArn) => resolver.resolve(instance, { roleArn })));
    }
  };
  await resolver.resolve(instance, { roleArn: roleArnOf(count) });
  const before = await heap();
  await use();
  const held = ((await heap()) - before) / count;
  for (let refresh = 0; refresh < 2; refresh++) {
    await use();
    await clock.advance(0.9 * HOUR);
    await use();
  }
  const refreshed = ((await heap()) - before) / count;
  const { refreshes } = resolver.stats();
  if (refreshes < 3 * count) throw new Error(`only ${refreshes} sessions were obtained`);
  return { held, refreshed };
}

const [way, count] = [process.argv[2], Number(process.argv[3])];
let result;
if (way === "rolecall") result = await ofRolecall(count);
else {
  await ways[way](1);
  const before = await heap();
  await ways[way](count);
  result = { held: ((await heap()) - before) / count };
}
process.stdout.write(JSON.stringify(result), () => process.exit());
