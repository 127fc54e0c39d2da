import { loadContenders } from "../lib/contenders.js";
import { countCalls, formatCounts } from "../lib/count-calls.js";
import { median } from "../lib/statistics.js";

export const title = "Sockets for 250 cold roles at once";

const ROLES = 250;
const LATENCY = { imds: 5, sts: 100 };
const TARGET = 25;
/** Counts do not depend on the machine's speed. */
const ENOUGH_ROUNDS = 2;

/**
 * If the chain can't use the profile, it continues with the machine's own identity. With so many requests at once on a
 * slow machine, IMDS doesn't always respond within the SDK's timeout of one second.
 */
const MAY_FALL_BACK = new Set(["default-chain", "default-chain-cached-client"]);

/** Each role is in a different account, because one of the contenders supports only one role per account. */
const ROLE_ARNS = Array.from({ length: ROLES }, (_, number) => `arn:aws:iam::${123456789012 + number}:role/Inventory`);

export async function run({ rounds }) {
  const contenders = await loadContenders();
  const results = new Map(contenders.map(({ label }) => [label, []]));
  const work = { clients: ["EC2Client"], roleArns: ROLE_ARNS, commands: ROLES, atATime: ROLES, show: ROLES };
  for (let round = 0; round < Math.min(rounds, ENOUGH_ROUNDS); round++) {
    for (const { name, label } of contenders) {
      const { sockets, mistaken } = await countCalls({ ...work, contender: name }, LATENCY);
      if (mistaken.length > 0 && !MAY_FALL_BACK.has(name)) {
        throw new Error(`${label}: ${mistaken.length} of ${ROLES} commands did not get their role`);
      }
      results.get(label).push({ ...sockets, mistaken: mistaken.length });
    }
  }
  const ours = results.get(contenders.find(({ name }) => name === "rolecall").label);
  const measured = Math.max(...ours.map(({ sts }) => sts));
  return {
    markdown: toMarkdown(results, median(ours.map(({ sts }) => sts))),
    plots: [],
    checks: [
      {
        what: `sockets to STS for ${ROLES} cold roles at once`,
        target: `at most ${TARGET}`,
        measured: String(measured),
        met: measured <= TARGET,
      },
    ],
  };
}

function toMarkdown(results, ours) {
  const rows = [...results].map(([label, runs]) => {
    const sts = runs.map((sockets) => sockets.sts);
    const ratio = (median(sts) / ours).toFixed(1);
    const [imds, mistaken] = ["imds", "mistaken"].map((what) => formatCounts(runs.map((run) => run[what])));
    return `| ${label} | ${formatCounts(sts)} | ${ratio} × | ${imds} | ${mistaken} |`;
  });
  return [
    `A new process runs ${ROLES} commands at once, each for a different role. STS responds after ${LATENCY.sts} ms. The table shows the peak number of open connections. The library runs ${TARGET} calls to STS at a time, so a starting fleet does not cause its own throttling. The table shows the median of ${ENOUGH_ROUNDS} rounds, and the range if they differ.`,
    "",
    "| | sockets to STS | vs. ours | sockets to IMDS | commands with a different identity |",
    "|---|---:|---:|---:|---:|",
    `| raw HTTP exchange, one role after the other (floor) | 1 | ${(1 / ours).toFixed(2)} × | 1 | 0 |`,
    ...rows,
    "",
    "The last column counts the commands that did not get their role, according to a call to STS afterwards. The SDK's default chain reads IMDS separately for each profile. With so many reads at once, one can take longer than the SDK's timeout of one second. The chain then continues with its next source, and the command acts as the machine's own instance profile.",
  ].join("\n");
}
