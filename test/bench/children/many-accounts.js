/** The same work in each account and region, by one way to go over them. Prints what it took and how the targets ended. */
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";

const { way, ...settings } = JSON.parse(process.argv[2]);
const { run } = await import(`../fan-outs/${way}.js`);

const outcomes = { done: 0, failed: 0 };
const work = (makeClient) => makeClient(EC2Client).send(new DescribeInstancesCommand({}));
const onOutcome = (isDone) => outcomes[isDone ? "done" : "failed"]++;

const began = performance.now();
await run({ ...settings, work, onOutcome });
const seconds = (performance.now() - began) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
process.stdout.write(JSON.stringify({ ...outcomes, seconds, cpuSeconds, bytes: maxRSS * 1024 }), () => process.exit());
