/** Commands of one contender whose sessions are all held. Prints nanoseconds for each, with and without credentials. */
import { EC2Client } from "@aws-sdk/client-ec2";
import { assertSessions, toPlain } from "../lib/sessions.js";

const WARM_UP = 1_000_000_000n;
const ENOUGH = 120_000_000n;
const FIRST_BATCH = 20;

const { contender: name, roleArns } = JSON.parse(process.argv[2]);
const { default: contender } = await import(`../${name}.js`);
const made = await contender.create({ roleArns });
const overrides = (number) => ({ roleArn: roleArns[number % roleArns.length], region: "eu-central-1", limit: number });

const work = {
  command: async (number) => (await made.client(EC2Client, overrides(number))).config.credentials(),
  client: (number) => made.client(EC2Client, overrides(number)),
};
const held = await made.client(EC2Client, overrides(0));
work.provider = () => held.config.credentials();

for (const roleArn of roleArns) {
  const credentials = await (await made.client(EC2Client, { roleArn, region: "eu-central-1" })).config.credentials();
  await assertSessions(process.env.AWS_ENDPOINT_URL, [{ roleArn, credentials: toPlain(credentials) }]);
}

/** Measured once the work has run for a second, so that it is compiled as in a process that lives on. */
async function nanosecondsOf(task) {
  const start = process.hrtime.bigint();
  for (let batch = FIRST_BATCH; ; ) {
    const began = process.hrtime.bigint();
    for (let number = 0; number < batch; number++) await task(number);
    const took = process.hrtime.bigint() - began;
    if (took > ENOUGH && began - start > WARM_UP) return Number(took) / batch;
    if (took <= ENOUGH) batch *= 2;
  }
}

const result = {};
for (const [what, task] of Object.entries(work)) result[what] = await nanosecondsOf(task);
await made.close();
process.stdout.write(JSON.stringify(result), () => process.exit());
