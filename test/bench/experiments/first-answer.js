import { startAws } from "../lib/aws-process.js";
import { childEnvironment } from "../lib/child.js";
import { writeColdStartProcesses } from "../lib/cold-start-processes.js";
import { timeProcesses } from "../lib/process-times.js";
import { assertSessions } from "../lib/sessions.js";
import { formatSpread, median } from "../lib/statistics.js";

export const title = "First EC2 response in a new process";

const ROLE_ARN = "arn:aws:iam::123456789012:role/Inventory";
const RUNS = 25;
const LATENCIES = [0, 5];
const FORMS = ["import", "require"];

const OURS = "aws-rolecall";
const SDK = "fromTemporaryCredentials, from IMDS";
const PROGRAMS = [
  { name: OURS, source: "first-answer-rolecall", forms: FORMS },
  { name: SDK, source: "first-answer-sdk", forms: FORMS },
];

export async function run({ rounds }) {
  const aws = await startAws({ roles: [{ roleArn: ROLE_ARN }] });
  const processes = await writeColdStartProcesses(PROGRAMS, { roleArn: ROLE_ARN, env: childEnvironment(aws.env) });
  const results = new Map();
  for (const latency of LATENCIES) {
    await aws.setLatency(latency, { target: "imds" });
    await aws.setLatency(latency, { target: "sts" });
    const times = timeProcesses(processes, { rounds, runs: Math.ceil(RUNS / rounds) });
    for (const [[{ output }]] of times.values()) {
      await assertSessions(aws.env.AWS_ENDPOINT_URL, [{ roleArn: ROLE_ARN, ...JSON.parse(output) }]);
    }
    results.set(latency, times);
  }
  await aws.close();
  const cases = LATENCIES.flatMap((latency) => FORMS.map((form) => compare(results.get(latency), latency, form)));
  return { markdown: toMarkdown(cases), plots: [], checks: cases.map(toCheck) };
}

/** The two alternate, so each run has a neighbor. The median of the pairs' ratios varies least on a busy machine. */
function compare(times, latency, form) {
  const [ours, sdk] = [OURS, SDK].map((name) =>
    times
      .get(`${name}, ${form}`)
      .flat()
      .map(({ wall }) => wall),
  );
  return { latency, form, ours, sdk, ratio: median(ours.map((wall, run) => wall / sdk[run])) };
}

function toCheck({ latency, form, ours, sdk, ratio }) {
  return {
    what: `first EC2 response in a new process by ${form}, ${latency} ms latency`,
    target: "not slower than fromTemporaryCredentials",
    measured: `${ratio.toFixed(2)} × (${median(ours).toFixed(0)} ms to ${median(sdk).toFixed(0)} ms)`,
    met: ratio <= 1,
  };
}

function toMarkdown(cases) {
  const best = (walls) => Math.min(...walls).toFixed(0);
  return [
    `A new process imports \`EC2Client\`, gets the client for one role, sends \`DescribeInstances\` and exits when it has the response. The alternative is the same \`EC2Client\` with the SDK's \`fromTemporaryCredentials\` as its \`credentials\`. Both read the instance profile from the metadata service and call STS. The metadata service and STS respond after the given latency, and EC2 responds at once. Each process was started ${RUNS} times or more, alternating with the other, and timed in milliseconds from start to exit. The time of an empty process is included. The ratio is the median over neighboring runs.`,
    "",
    "| latency | loaded by | aws-rolecall | best | fromTemporaryCredentials | best | ratio |",
    "|---:|---|---:|---:|---:|---:|---:|",
    ...cases.map(
      ({ latency, form, ours, sdk, ratio }) =>
        `| ${latency} ms | ${form} | ${formatSpread(ours)} | ${best(ours)} | ${formatSpread(sdk)} | ${best(sdk)} | ${ratio.toFixed(2)} × |`,
    ),
  ].join("\n");
}
