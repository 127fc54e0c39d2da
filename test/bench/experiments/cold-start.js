import { startAws } from "../lib/aws-process.js";
import { childEnvironment } from "../lib/child.js";
import { boto3Processes, writeColdStartProcesses } from "../lib/cold-start-processes.js";
import { timeProcesses } from "../lib/process-times.js";
import { assertSessions } from "../lib/sessions.js";
import { formatSpread, median } from "../lib/statistics.js";

export const title = "Cold start: a new process to its first credentials";

const ROLE_ARN = "arn:aws:iam::123456789012:role/Inventory";
const RUNS = 15;
const LATENCIES = [0, 5];
const ALL = ["import", "require", "bundle"];

const EMPTY = "an empty Node process";
const RAW = "raw HTTP exchange";
const OURS = "aws-rolecall";
const SDK = "fromTemporaryCredentials, from IMDS";
const PROGRAMS = [
  { name: EMPTY, source: "empty", forms: ["import", "require"] },
  { name: RAW, source: "raw-exchange", forms: ALL },
  { name: OURS, source: "rolecall", forms: ALL },
  { name: SDK, source: "from-temporary-credentials", forms: ALL },
  {
    name: "fromTemporaryCredentials, default chain",
    source: "from-temporary-credentials-default",
    forms: ["import", "require"],
  },
  { name: "default chain with a profile", source: "default-chain", forms: ["import", "require"] },
  { name: "recipe: client-sts, lru-cache, p-retry", source: "recipe", forms: ALL },
];
const BOTO3 = "boto3";

/** The phases of a process from its start to its first credentials, in the order of the plot's colors. */
const PARTS = ["empty process", "before IMDS", "IMDS", "between IMDS and STS", "STS", "after STS"];

export async function run({ rounds }) {
  const aws = await startAws({ roles: [{ roleArn: ROLE_ARN }] });
  const env = childEnvironment(aws.env);
  const node = await writeColdStartProcesses(PROGRAMS, { roleArn: ROLE_ARN, env });
  const python = boto3Processes({ roleArn: ROLE_ARN, env });
  const results = new Map();
  for (const latency of LATENCIES) {
    await aws.setLatency(latency);
    const times = timeProcesses([...node, ...python], { rounds, runs: Math.ceil(RUNS / rounds) });
    await assertFirstCredentials(aws.env.AWS_ENDPOINT_URL, times);
    results.set(latency, times);
  }
  await aws.close();
  return {
    markdown: toMarkdown(results, python.length > 0),
    plots: [toPlot(results.get(LATENCIES.at(-1)), node)],
    checks: toChecks(results.get(LATENCIES.at(-1))),
  };
}

/** Checks the first run of each. The others do the same, and a process without credentials fails. */
async function assertFirstCredentials(endpoint, times) {
  for (const [name, [[{ output }]]] of times) {
    if (name.startsWith("an empty")) continue;
    const { credentials, sessions = [credentials] } = JSON.parse(output);
    await assertSessions(
      endpoint,
      sessions.map((session) => ({ roleArn: ROLE_ARN, credentials: session })),
    );
  }
}

const wallsOf = (times, name) => times.get(name).map((runs) => median(runs.map(({ wall }) => wall)));

/** A bundle is one file of CommonJS. */
const floorOf = (form) => `${EMPTY}, ${form === "bundle" ? "require" : form}`;

/** For each round, the milliseconds over an empty process of the same kind. */
function overFloor(times, name, form) {
  const floor = wallsOf(times, floorOf(form));
  return wallsOf(times, `${name}, ${form}`).map((wall, round) => wall - floor[round]);
}

function toChecks(times) {
  return ALL.map((form) => {
    const ours = median(overFloor(times, OURS, form));
    const theirs = median(overFloor(times, SDK, form));
    return {
      what: `cold start by ${form}, over an empty process, ${LATENCIES.at(-1)} ms latency`,
      target: `not slower than fromTemporaryCredentials (${theirs.toFixed(1)} ms); aim: 20 % faster`,
      measured: `${ours.toFixed(1)} ms, ${Math.round((ours / theirs - 1) * 100)} %`,
      met: ours <= theirs,
    };
  });
}

function toMarkdown(results, hasBoto3) {
  const times = results.get(LATENCIES.at(-1));
  const floors = ["import", "require"].map((form) => `${form} ${formatSpread(wallsOf(times, floorOf(form)), "ms")}`);
  return [
    `A new process reads the instance profile from IMDS, assumes one role, and exits as soon as it has the session. It loads no service client. Each contender was started ${RUNS} times or more, interleaved with all others, and timed from the outside, from start to exit. The time of an empty process of the same kind (${floors.join(", ")}) is subtracted. "bundle" is the program and all its dependencies in one minified CommonJS file, built by esbuild.`,
    "",
    ...LATENCIES.flatMap((latency) => [
      `Milliseconds over ${EMPTY}, with ${latency} ms of latency for each response from IMDS and STS:`,
      "",
      ...toTable(results.get(latency)),
      ...(hasBoto3 ? ["", boto3Sentence(results.get(latency))] : []),
      "",
    ]),
    ...(hasBoto3 ? [] : ["Python with boto3 was not available, so its row is missing.", ""]),
    "The plot shows the phases of one such process, as the process measured them. First it loads and prepares, then it waits for the metadata service. Next it loads and signs, and waits for STS. The last phase is everything after STS's response. Loading during a wait counts as part of the wait. A CPU profile of such processes explains the difference to `fromTemporaryCredentials`. About a quarter is compiling the library's modules. About half is running its own functions, most of them for the first time. The rest is reading files, garbage collection and waiting for promises.",
  ].join("\n");
}

function toTable(times) {
  const ours = Object.fromEntries(ALL.map((form) => [form, median(overFloor(times, OURS, form))]));
  const cell = (name, form) => {
    if (!times.has(`${name}, ${form}`)) return " | ";
    const over = overFloor(times, name, form);
    return `${formatSpread(over, "ms")} | ${(median(over) / ours[form]).toFixed(2)} ×`;
  };
  return [
    `| | ${ALL.map((form) => `by ${form} | vs. ours`).join(" | ")} |`,
    `|---|${ALL.map(() => "---:|---:|").join("")}`,
    `| ${EMPTY} (floor) | ${ALL.map(() => "0 | ").join(" | ")} |`,
    ...PROGRAMS.slice(1).map(({ name, forms }) => {
      const floor = name === RAW ? " (floor)" : "";
      return `| ${name}${floor} | ${ALL.map((form) => (forms.includes(form) ? cell(name, form) : " | ")).join(" | ")} |`;
    }),
  ];
}

function boto3Sentence(times) {
  const floor = wallsOf(times, "an empty Python process");
  const over = wallsOf(times, BOTO3).map((wall, round) => wall - floor[round]);
  return `boto3's AssumeRole, over an empty Python process: ${formatSpread(over, "ms")}.`;
}

function toPlot(times, processes) {
  const empty = Object.fromEntries(["import", "require"].map((form) => [form, median(wallsOf(times, floorOf(form)))]));
  const values = processes.flatMap(({ name }) => {
    const form = name.slice(name.lastIndexOf(" ") + 1);
    const floor = empty[form] ?? empty.require;
    const runs = times.get(name).flat();
    const parts = runs.map((one) => partsOf(one, floor));
    return PARTS.map((part, index) => ({
      program: name,
      part,
      order: index,
      milliseconds: Math.max(0, median(parts.map((durations) => durations[index]))),
    }));
  });
  return {
    file: "cold-start",
    title: `Cold start in parts, ${LATENCIES.at(-1)} ms of latency`,
    spec: {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      width: 620,
      data: { values },
      mark: { type: "bar", aria: false },
      encoding: {
        y: {
          field: "program",
          type: "nominal",
          sort: processes.map(({ name }) => name),
          title: null,
          axis: { labelLimit: 0 },
        },
        x: { field: "milliseconds", type: "quantitative", stack: true, title: "milliseconds from start to exit" },
        color: {
          field: "part",
          type: "nominal",
          sort: PARTS,
          title: null,
          legend: { orient: "bottom", columns: 3, labelLimit: 0 },
        },
        order: { field: "order" },
      },
    },
  };
}

/** The milliseconds of each of {@link PARTS}. The empty process supplies those that a process can't measure itself. */
function partsOf({ wall, output }, floor) {
  const { began, obtained, requests } = JSON.parse(output);
  const imds = requests.filter(({ target }) => target === "imds");
  const sts = requests.filter(({ target }) => target === "sts");
  if (sts.length === 0) return [wall, 0, 0, 0, 0, 0];
  const between = [
    imds[0].began - began,
    imds.at(-1).answered - imds[0].began,
    sts[0].began - imds.at(-1).answered,
    sts.at(-1).answered - sts[0].began,
  ];
  const seen = between.reduce((sum, part) => sum + part, 0);
  return [floor, ...between, Math.max(obtained - sts.at(-1).answered, wall - floor - seen)];
}
