import { fileURLToPath } from "node:url";
import { startAws } from "../lib/aws-process.js";
import { runChild } from "../lib/child.js";
import { loadContenders } from "../lib/contenders.js";
import { formatNumber, formatSpread, median, quantile } from "../lib/statistics.js";
import { timeLapseArguments } from "../lib/time-lapse-arguments.js";

export const title = "Latency of commands during refreshes";

const STEADY_COMMANDS = fileURLToPath(new URL("../children/steady-commands.js", import.meta.url));
const PATIENT_RESOLVER = new URL("../lib/patient-resolver.js", import.meta.url).href;

const ROLE_ARN = "arn:aws:iam::123456789012:role/Inventory";
const STS_LATENCY = 100;
const COMMANDS = 2400;
const PER_SECOND = 100;
/** An hour lasts six seconds. */
const FACTOR = 600;
const REFRESHES = 4;
/** A command that took half of STS's latency or more has waited for STS, whole or in part. */
const WAITED = STS_LATENCY / 2;
const TAIL_TARGET = 1.5;

/** These call STS for each command, so they never refresh. */
const WITHOUT_CACHE = new Set(["per-command", "shared-provider", "backstage"]);

/** The processes are mostly idle, so many can share two cores. Each starts a little after the previous one. */
const PROCESSES_AT_ONCE = 20;
const TO_GET_READY = 500;
const APART = 100;

const OURS = "aws-rolecall";
const UNDISTURBED = "aws-rolecall, no refresh in the run";
const FLOOR = "Map.get and an expiry check, no refresh (floor)";

export async function run({ rounds }) {
  const peers = (await loadContenders()).filter(({ name }) => name !== "rolecall" && !WITHOUT_CACHE.has(name));
  const quick = [
    { label: OURS, contender: "contenders/rolecall", lapse: true },
    { label: UNDISTURBED, contender: "contenders/rolecall", lapse: false },
    { label: FLOOR, contender: "floors/map-get", lapse: false },
  ];
  const slow = peers.map(({ name, label }) => ({ label, contender: `contenders/${name}`, lapse: true }));
  const inRounds = (subjects) => Array.from({ length: rounds }, () => subjects).flat();

  const results = new Map([...quick, ...slow].map(({ label }) => [label, []]));
  for (const batch of [...toBatches(inRounds(quick)), ...toBatches(inRounds(slow))]) {
    for (const { label, ...result } of await runBatch(batch)) results.get(label).push(result);
  }
  for (const { refreshes } of results.get(OURS)) {
    if (refreshes < REFRESHES) throw new Error(`aws-rolecall refreshed only ${refreshes} times in a run`);
  }
  const summaries = new Map([...results].map(([label, runs]) => [label, runs.map(summarize)]));
  return { markdown: toMarkdown(summaries), plots: [toPlot(results)], checks: toChecks(summaries) };
}

function toBatches(processes) {
  const batches = [];
  for (let from = 0; from < processes.length; from += PROCESSES_AT_ONCE) {
    batches.push(processes.slice(from, from + PROCESSES_AT_ONCE));
  }
  return batches;
}

async function runBatch(batch) {
  const roles = [{ roleArn: ROLE_ARN }];
  const timeLapse = { factor: FACTOR, origin: Date.now() };
  const fast = await startAws({ roles, timeLapse });
  const usual = await startAws({ roles });
  for (const aws of [fast, usual]) await aws.setLatency(STS_LATENCY, { target: "sts" });
  const { execArgv, env } = timeLapseArguments(timeLapse);
  const startAt = Date.now() + TO_GET_READY * (batch.length + 2);
  try {
    return await Promise.all(
      batch.map(async ({ label, contender, lapse }, index) => {
        const work = { contender, roleArn: ROLE_ARN, commands: COMMANDS, perSecond: PER_SECOND };
        const args = [JSON.stringify({ ...work, startAt: startAt + index * APART })];
        const options = lapse
          ? { env: { ...fast.env, ...env }, nodeArgs: [...execArgv, "--import", PATIENT_RESOLVER] }
          : { env: usual.env };
        return { label, ...(await runChild(STEADY_COMMANDS, { ...options, args })) };
      }),
    );
  } finally {
    await Promise.all([fast.close(), usual.close()]);
  }
}

function summarize({ waits, refreshes }) {
  const milliseconds = waits.map(([, wait]) => wait);
  return {
    refreshes,
    median: median(milliseconds),
    p99: quantile(milliseconds, 0.99),
    p999: quantile(milliseconds, 0.999),
    slowest: Math.max(...milliseconds),
    waited: milliseconds.filter((wait) => wait >= WAITED).length,
  };
}

function toChecks(summaries) {
  const ours = summaries.get(OURS);
  const waited = Math.max(...ours.map((round) => round.waited));
  const slowest = Math.max(...ours.map((round) => round.slowest));
  const tail = tailRatio(summaries);
  return [
    {
      what: `commands that waited for STS, of ${COMMANDS} across ${REFRESHES} refreshes`,
      target: "none",
      measured: `${waited}; the slowest of all rounds took ${formatNumber(slowest)} ms`,
      met: waited === 0,
    },
    {
      what: "p99.9 compared with a run without refresh",
      target: `at most ${TAIL_TARGET} ×`,
      measured: `${formatNumber(tail)} ×`,
      met: tail <= TAIL_TARGET,
    },
  ];
}

const tailRatio = (summaries) =>
  median(summaries.get(OURS).map(({ p999 }) => p999)) / median(summaries.get(UNDISTURBED).map(({ p999 }) => p999));

function toMarkdown(summaries) {
  const of = (rounds, what) => rounds.map((round) => round[what]);
  const oursAtSlowest = median(of(summaries.get(OURS), "slowest"));
  const rows = [...summaries].map(([label, rounds]) => {
    const columns = ["median", "p99", "p999", "slowest"].map((what) => formatSpread(of(rounds, what)));
    const ratio = formatNumber(median(of(rounds, "slowest")) / oursAtSlowest);
    const counts = ["waited", "refreshes"].map((what) => formatNumber(median(of(rounds, what))));
    return `| ${label} | ${columns.join(" | ")} | ${ratio} × | ${counts.join(" | ")} |`;
  });
  return [
    `A process starts ${PER_SECOND} commands a second, ${COMMANDS} in all, without waiting for earlier ones. Each command gets its client and its credentials, and its latency is measured in real time. STS responds after ${STS_LATENCY} ms. In the process and in its local AWS, time runs ${FACTOR} times faster, so a one-hour session expires after ${3600 / FACTOR} s. This applies to \`Date\`, \`process.hrtime()\`, \`performance.now()\`, and timers of more than a minute. Sockets and latency are unchanged. The library's timeouts for STS also run faster, so they are set to 10 and 20 minutes, which is one and two seconds in real time. The rounds run in parallel, because the processes are mostly idle.`,
    "",
    `"Waited" counts the commands that took ${WAITED} ms or more. Contenders without a cache are left out, because each of their commands waits. The second row is the library at normal speed, without a refresh in the run. With refreshes, its p99.9 is ${formatNumber(tailRatio(summaries))} × that. The remaining tail, in all rows including the floor, comes from the machine: other processes and garbage collection.`,
    "",
    "| milliseconds | median | p99 | p99.9 | slowest | slowest vs. ours | waited | refreshes |",
    "|---|---:|---:|---:|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

/** The slowest command of each fifth of a second, in the first round. With all commands, the plot would take megabytes. */
function toPlot(results) {
  const values = [...results].flatMap(([contender, [{ waits }]]) => {
    const slowest = new Map();
    for (const [second, wait] of waits) {
      const fifth = Math.max(0, Math.floor(second * 5) / 5); // a timer may be a millisecond early
      slowest.set(fifth, Math.max(wait, slowest.get(fifth) ?? 0));
    }
    return [...slowest].map(([second, wait]) => ({ contender, second, wait: Number(wait.toFixed(4)) }));
  });
  const contenders = [...results.keys()];
  return {
    file: "refresh",
    title: "The slowest command of each fifth of a second, across refreshes",
    spec: {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      data: { values },
      facet: {
        row: {
          field: "contender",
          sort: contenders,
          title: null,
          header: { labelAngle: 0, labelAlign: "left", labelOrient: "top", labelAnchor: "start" },
        },
      },
      spacing: 4,
      spec: {
        width: 640,
        height: 60,
        mark: { type: "point", size: 8, filled: true, aria: false },
        encoding: {
          x: {
            field: "second",
            type: "quantitative",
            scale: { domain: [0, COMMANDS / PER_SECOND] },
            title: `seconds; a session's hour lasts ${3600 / FACTOR}`,
          },
          y: {
            field: "wait",
            type: "quantitative",
            scale: { type: "log", domain: [0.005, 1000] },
            axis: { values: [0.01, 1, 100] },
            title: "ms",
          },
          color: { field: "contender", type: "nominal", sort: contenders, legend: null },
        },
      },
    },
  };
}
