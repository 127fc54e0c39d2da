import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsCliProcesses, awsCliVersion } from "../lib/aws-cli.js";
import { startAws } from "../lib/aws-process.js";
import { childEnvironment } from "../lib/child.js";
import { writeColdStartProcesses } from "../lib/cold-start-processes.js";
import { timeProcesses } from "../lib/process-times.js";
import { formatSpread, median } from "../lib/statistics.js";

export const title = "Cold start with a session from another process";

const ROLE_ARN = "arn:aws:iam::123456789012:role/Inventory";
/** At most 20 ms where fromTemporaryCredentials takes 73. */
const TARGET = 20 / 73;
const RUNS = 20;
const LATENCY = 5;
const FORMS = ["import", "require", "bundle"];

const EMPTY = "an empty Node process";
const READ = "the session read from a JSON file";
const PLAIN = "aws-rolecall, file store";
const SEALED = "aws-rolecall, file store, encrypted";
const SDK = "fromTemporaryCredentials, from IMDS";
const PROGRAMS = [
  { name: EMPTY, source: "empty", forms: ["import", "require"] },
  { name: READ, source: "read-file", forms: FORMS },
  { name: PLAIN, source: "rolecall-file-store", forms: FORMS },
  { name: SEALED, source: "rolecall-file-store-sealed", forms: FORMS },
  { name: SDK, source: "from-temporary-credentials", forms: FORMS },
];
const CLI = "AWS CLI";

export async function run({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-bench-store-"));
  const aws = await startAws({ roles: [{ roleArn: ROLE_ARN }] });
  const env = childEnvironment({
    ...aws.env,
    PLAIN_DIRECTORY: join(folder, "plain"),
    SEALED_DIRECTORY: join(folder, "sealed"),
    ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    SESSION_FILE: join(folder, "session.json"),
  });
  const node = await writeColdStartProcesses(PROGRAMS, { roleArn: ROLE_ARN, env });
  const cli = awsCliProcesses({ profile: "command", env: { ...node[0].env, HOME: folder } });
  await aws.setLatency(LATENCY);

  // The first process of each store writes the session that all others read.
  const first = timeProcesses([...node.filter(({ name }) => name.startsWith("aws-rolecall")), ...cli], {
    rounds: 1,
    runs: 1,
  });
  const left = new Map([...first].map(([name, [[{ output }]]]) => [name, output]));
  const { credentials } = JSON.parse(left.get(`${PLAIN}, import`));
  await writeFile(env.SESSION_FILE, JSON.stringify(credentials), { mode: 0o600 });

  const times = timeProcesses([...node, ...cli], { rounds, runs: Math.ceil(RUNS / rounds) });
  assertShared(times, left);
  await aws.close();
  rmSync(folder, { recursive: true });
  return {
    markdown: toMarkdown(times, cli.length > 0),
    plots: [],
    checks: [toCheck(times, PLAIN), toCheck(times, SEALED)],
  };
}

/** Processes with a store must make no network calls, and get the session that the store's first process wrote. */
function assertShared(times, left) {
  for (const store of [PLAIN, SEALED]) {
    const { credentials } = JSON.parse(left.get(`${store}, ${FORMS[0]}`));
    for (const form of FORMS) {
      for (const { output } of times.get(`${store}, ${form}`).flat()) {
        const seen = JSON.parse(output);
        const isShared = seen.requests.length === 0 && seen.credentials.accessKeyId === credentials.accessKeyId;
        if (!isShared) throw new Error(`${store}, ${form} did not use the session in the store`);
      }
    }
  }
}

const wallsOf = (times, name) => times.get(name).map((runs) => median(runs.map(({ wall }) => wall)));

/** For each round, the milliseconds over an empty process. A bundle is one file of CommonJS. */
function overFloor(times, name, form) {
  const floor = wallsOf(times, `${EMPTY}, ${form === "bundle" ? "require" : form}`);
  return wallsOf(times, `${name}, ${form}`).map((wall, round) => wall - floor[round]);
}

function toCheck(times, name) {
  const over = median(overFloor(times, name, "import"));
  const sdk = median(overFloor(times, SDK, "import"));
  return {
    what: `time of a new process to credentials from ${name.slice(name.indexOf(",") + 2)}, over an empty process`,
    target: `at most ${TARGET.toFixed(2)} × fromTemporaryCredentials (20 ms compared with 73 ms)`,
    measured: `${(over / sdk).toFixed(2)} × (${over.toFixed(1)} ms to ${sdk.toFixed(1)} ms)`,
    met: over <= TARGET * sdk,
  };
}

function toMarkdown(times, hasCli) {
  const ours = Object.fromEntries(FORMS.map((form) => [form, median(overFloor(times, PLAIN, form))]));
  const rows = PROGRAMS.slice(1).map(({ name }) => {
    const cells = FORMS.map((form) => {
      const over = overFloor(times, name, form);
      return `${formatSpread(over, "ms")} | ${(median(over) / ours[form]).toFixed(2)} ×`;
    });
    return `| ${name}${name === READ ? " (floor)" : ""} | ${cells.join(" | ")} |`;
  });
  return [
    `A new process gets the credentials of one role and exits. An earlier process has stored the session in the [file store](sharing-sessions.md). fromTemporaryCredentials has no store, so it calls the metadata service and STS, which respond after ${LATENCY} ms. Each contender was started ${RUNS} times or more, interleaved with all others. The time of an empty process is subtracted. The benchmark verifies that every process with the store makes no network calls and gets the stored session.`,
    "",
    `| | ${FORMS.map((form) => `by ${form} | vs. ours`).join(" | ")} |`,
    `|---|${FORMS.map(() => "---:|---:|").join("")}`,
    `| ${EMPTY} (floor) | ${FORMS.map(() => "0 | ").join(" | ")} |`,
    ...rows,
    "",
    hasCli
      ? `The AWS CLI ${awsCliVersion()} stores sessions in files too. Its shortest command with a stored session, a single call to GetCallerIdentity, takes ${formatSpread(wallsOf(times, CLI), "ms")} in all.`
      : "The AWS CLI was not available, so its time is missing.",
  ].join("\n");
}
