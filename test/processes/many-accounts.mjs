/**
 * One run over many accounts in a separate process. Prints how often each target ended, how, and the heap before and after.
 * `ACCOUNTS`: how many, from the id `FIRST_ACCOUNT` on. `REGIONS`: comma-separated. `SIGNED_CALLS`: whether the work asks
 * EC2; if not, it asks nobody.
 */
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { PATIENT_STS, patiently } from "./patiently.mjs";

const { ROLECALL_BUILD, ROLE_NAME, ACCOUNTS, FIRST_ACCOUNT, REGIONS, SIGNED_CALLS } = process.env;
const load = (name) => import(pathToFileURL(`${ROLECALL_BUILD}/${name}.mjs`).href);
const [{ createCredentialResolver }, { forEachAccount }] = await Promise.all(["index", "accounts"].map(load));

const SAMPLE_EVERY = 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const firstAccount = Number(FIRST_ACCOUNT);
const ids = Array.from({ length: Number(ACCOUNTS) }, (_, index) => String(firstAccount + index));
const regions = REGIONS.split(",");
/** How often each target ended: small beside the heap that is measured. */
const ends = new Uint8Array(ids.length * regions.length);
const counts = { done: 0, failed: 0, skipped: 0 };
let firstError;

async function work({ client }) {
  if (SIGNED_CALLS) await client(EC2Client).send(new DescribeInstancesCommand({}));
}

async function collectedHeap() {
  for (let round = 0; round < 3; round++) {
    collect();
    await setImmediate(); // what finalizers release is freed at the next collection
  }
  return process.memoryUsage().heapUsed;
}

const resolver = createCredentialResolver({ assumeRole: PATIENT_STS });
await patiently(() => resolver.resolve({})); // the base identity
const instance = { accounts: { roleName: ROLE_NAME, ids, regions } };
const heap = { start: await collectedHeap(), peak: 0 };
const sampling = setInterval(() => {
  heap.peak = Math.max(heap.peak, process.memoryUsage().heapUsed);
}, SAMPLE_EVERY);
const began = performance.now();
for await (const { status, accountId, region, error } of forEachAccount(instance, {}, work, { resolver })) {
  counts[status]++;
  firstError ??= error?.message;
  ends[(Number(accountId) - firstAccount) * regions.length + regions.indexOf(region)]++;
}
const seconds = (performance.now() - began) / 1000;
clearInterval(sampling);
heap.end = await collectedHeap();
const { sessions, clients } = resolver.stats();
await resolver.close();
const once = ends.filter((times) => times === 1).length;
const resident = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ ...counts, once, firstError, seconds, heap, resident, sessions, clients }));
