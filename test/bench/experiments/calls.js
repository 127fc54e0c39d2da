import { boto3Version } from "../lib/boto3.js";
import { loadContenders } from "../lib/contenders.js";
import { countBoto3Calls, countCalls, formatCounts } from "../lib/count-calls.js";
import { median } from "../lib/statistics.js";

export const title = "Calls for 1,000 commands";

const ROLE_ARN = "arn:aws:iam::123456789012:role/Inventory";
const WORK = {
  clients: ["EC2Client", "S3Client", "DynamoDBClient"],
  roleArns: [ROLE_ARN],
  commands: 1000,
  atATime: 100,
  show: 25,
};
const LATENCY = { imds: 5, sts: 5 };
/** Counts do not depend on the machine's speed. */
const ENOUGH_ROUNDS = 2;
/** The minimum: three IMDS requests (token, role name, credentials) and one session. */
const FLOOR = { assumeRole: 1, imds: 3 };

export async function run({ rounds }) {
  const contenders = await loadContenders();
  const results = new Map();
  const add = (label, { assumeRole, imds, refused, sessions, mistaken }) => {
    if (refused > 0 || mistaken.length > 0) throw new Error(`${label} did not get the role in each command`);
    const imdsRequests = Object.values(imds).reduce((sum, count) => sum + count, 0);
    results.set(label, [...(results.get(label) ?? []), { assumeRole, imds: imdsRequests, sessions }]);
  };
  for (let round = 0; round < Math.min(rounds, ENOUGH_ROUNDS); round++) {
    for (const { name, label } of contenders) {
      add(label, await countCalls({ ...WORK, contender: name }, LATENCY));
    }
    if (boto3Version() !== undefined) {
      add("boto3", await countBoto3Calls(WORK, LATENCY));
    }
  }
  const ours = results.get(contenders.find(({ name }) => name === "rolecall").label);
  return { markdown: toMarkdown(results), plots: [], checks: toChecks(ours) };
}

const counted = (runs, what) => runs.map((one) => one[what]);

function toChecks(ours) {
  return [
    ["assumeRole", "AssumeRole calls for 1,000 commands", FLOOR.assumeRole],
    ["imds", "IMDS requests for 1,000 commands", FLOOR.imds],
  ].map(([what, description, target]) => {
    const measured = Math.max(...counted(ours, what));
    return { what: description, target: String(target), measured: String(measured), met: measured <= target };
  });
}

function toMarkdown(results) {
  const rows = [...results].map(
    ([label, runs]) =>
      `| ${label} | ${formatCounts(counted(runs, "assumeRole"))} | ${formatCounts(counted(runs, "imds"))} | ${formatCounts(counted(runs, "sessions"))} | ${median(counted(runs, "assumeRole")) / FLOOR.assumeRole} × |`,
  );
  return [
    `A new process runs ${WORK.commands} commands for one role, ${WORK.atATime} at a time, alternating between ${WORK.clients.join(", ")}. Each command gets its client and then its credentials, as a first request would. The local AWS responds after ${LATENCY.sts} ms and counts the requests. Counts do not depend on the machine's speed, so ${ENOUGH_ROUNDS} rounds are enough. The table shows the median, and the range if the rounds differ.`,
    "",
    "| | AssumeRole | IMDS requests | different sessions | AssumeRole vs. floor |",
    "|---|---:|---:|---:|---:|",
    `| raw HTTP exchange, once (floor) | ${FLOOR.assumeRole} | ${FLOOR.imds} | 1 | 1 × |`,
    ...rows,
    ...(results.has("boto3") ? [] : ["", "Python with boto3 was not available, so its row is missing."]),
  ].join("\n");
}
