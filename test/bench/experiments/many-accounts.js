import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startAws } from "../lib/aws-process.js";
import { boto3Environment, boto3Version, PYTHON } from "../lib/boto3.js";
import { childEnvironment, runChild } from "../lib/child.js";
import { formatCounts } from "../lib/count-calls.js";
import { formatNumber, formatSpread, median } from "../lib/statistics.js";

const ACCOUNTS = 30;
const AT_A_TIME = 10;
const REGIONS = [
  ...["ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"],
  ...["ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"],
  ...["sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"],
];
const TARGETS = ACCOUNTS * REGIONS.length;

export const title = `${ACCOUNTS} accounts in ${REGIONS.length} regions`;

const CHILD = fileURLToPath(new URL("../children/many-accounts.js", import.meta.url));
const BOTO3 = fileURLToPath(new URL("../fan-outs/fan_out.py", import.meta.url));
const OURS = "rolecall";
const BY_HAND = "p-limit";
const WAYS = [OURS, BY_HAND, "p-limit-temporary-credentials"];
/** boto3 takes most of a round: half a minute on an idle machine. */
const ENOUGH_ROUNDS = 2;
const MOST_SOCKETS = 25;
const MIB = 1024 * 1024;

const SETTINGS = {
  roleName: "integrations/Audit",
  ids: Array.from({ length: ACCOUNTS }, (_, number) => String(123456789012 + number)),
  regions: REGIONS,
  atATime: AT_A_TIME,
};

export async function run({ rounds }) {
  const labels = await Promise.all(WAYS.map(async (way) => (await import(`../fan-outs/${way}.js`)).label));
  const hasBoto3 = boto3Version() !== undefined;
  const contenders = [
    ...WAYS.map((way, index) => ({ label: labels[index], start: (env) => startNode(way, env) })),
    ...(hasBoto3 ? [{ label: "boto3, thread pool", start: startBoto3 }] : []),
  ];
  const results = new Map(contenders.map(({ label }) => [label, []]));
  for (let round = 0; round < Math.min(rounds, ENOUGH_ROUNDS); round++) {
    for (const { label, start } of contenders) results.get(label).push(await measure(label, start));
  }
  const [ours, byHand] = WAYS.map((_, index) => results.get(labels[index]));
  return { markdown: toMarkdown(results, byHand, hasBoto3), plots: [], checks: toChecks(ours) };
}

const startNode = (way, env) => runChild(CHILD, { env, args: [JSON.stringify({ way, ...SETTINGS })] });

async function startBoto3(env) {
  const { status, stdout, stderr } = spawnSync(PYTHON, [BOTO3, JSON.stringify(SETTINGS)], {
    env: boto3Environment(childEnvironment(env)),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`boto3 failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** Runs a new process on a new local AWS, and checks that AWS saw each account's role in each region. */
async function measure(label, start) {
  const aws = await startAws({
    roles: SETTINGS.ids.map((id) => ({ roleArn: `arn:aws:iam::${id}:role/${SETTINGS.roleName}` })),
  });
  try {
    const result = await start(aws.env);
    const { assumeRole, places, refused, sockets } = await aws.counts();
    if (result.done !== TARGETS || places !== TARGETS || refused > 0) {
      throw new Error(`${label}: ${result.done} of ${TARGETS} targets done, ${places} seen, ${refused} refused`);
    }
    return { ...result, assumeRole, sockets: sockets.sts };
  } finally {
    await aws.close();
  }
}

const valuesOf = (runs, what) => runs.map((one) => one[what]);

function toChecks(ours) {
  const calls = Math.max(...valuesOf(ours, "assumeRole"));
  const sockets = Math.max(...valuesOf(ours, "sockets"));
  return [
    {
      what: `AssumeRole calls for ${ACCOUNTS} accounts in ${REGIONS.length} regions`,
      target: String(ACCOUNTS),
      measured: String(calls),
      met: calls <= ACCOUNTS,
    },
    {
      what: `sockets for ${ACCOUNTS} accounts in ${REGIONS.length} regions, ${AT_A_TIME} targets at a time`,
      target: `at most ${MOST_SOCKETS}`,
      measured: String(sockets),
      met: sockets <= MOST_SOCKETS,
    },
  ];
}

function toMarkdown(results, byHand, hasBoto3) {
  const rows = [...results].map(([label, runs]) => {
    const times = ["seconds", "cpuSeconds"].flatMap((what) => {
      const ratio = median(runs.map((one, round) => one[what] / byHand[round][what]));
      return [formatSpread(valuesOf(runs, what)), `${formatNumber(ratio)} ×`];
    });
    const cells = [
      ...times,
      ...["assumeRole", "sockets"].map((what) => formatCounts(valuesOf(runs, what))),
      formatSpread(valuesOf(runs, "bytes").map((bytes) => bytes / MIB)),
    ];
    return `| ${label} | ${cells.join(" | ")} |`;
  });
  return [
    `A new process lists the EC2 instances in ${ACCOUNTS} accounts and ${REGIONS.length} regions each, ${AT_A_TIME} targets at a time: ${TARGETS.toLocaleString("en-US")} signed calls. The metadata service, STS and EC2 respond at once, so the time is the cost of the client side. The seconds do not include loading the modules. The CPU seconds cover the whole process. The ratios are medians over the rounds. The loops with p-limit leave their clients to the garbage collector, as most programs do, so each client keeps its socket for a while. The benchmark verifies that AWS saw each account's role in each region.`,
    "",
    "| | seconds | vs. p-limit | CPU seconds | vs. p-limit | AssumeRole calls | sockets to STS and EC2 | peak memory of the process, MiB |",
    "|---|---:|---:|---:|---:|---:|---:|---:|",
    ...rows,
    ...(hasBoto3 ? [] : ["", "Python with boto3 was not available, so its row is missing."]),
  ].join("\n");
}
