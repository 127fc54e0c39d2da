import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { childEnvironment } from "../lib/child.js";
import { timeProcesses } from "../lib/process-times.js";
import { formatSpread, median } from "../lib/statistics.js";
import { makeWorkFolder } from "../lib/work-folder.js";

export const title = "Import time of the package";

const TARGET = 6;
const RUNS = 25;

const SUBJECTS = [
  { name: "aws-rolecall", packages: ["aws-rolecall"] },
  { name: "recipe: client-sts, lru-cache, p-retry", packages: ["@aws-sdk/client-sts", "lru-cache", "p-retry"] },
  { name: "@aws-sdk/client-sts", packages: ["@aws-sdk/client-sts"] },
  { name: "@aws-sdk/credential-providers", packages: ["@aws-sdk/credential-providers"] },
  { name: "@backstage/integration-aws-node", packages: ["@backstage/integration-aws-node"] },
  { name: "@middy/sts", packages: ["@middy/core", "@middy/sts"] },
];
const FLOOR = { name: "an empty Node process", packages: [] };

const WAYS = {
  import: { extension: "mjs", statement: (name) => `import ${JSON.stringify(name)};\n` },
  require: { extension: "cjs", statement: (name) => `require(${JSON.stringify(name)});\n` },
};

export async function run({ rounds }) {
  const folder = await makeWorkFolder("import");
  const env = childEnvironment();
  const processes = [];
  for (const [index, { name, packages }] of [FLOOR, ...SUBJECTS].entries()) {
    for (const [way, { extension, statement }] of Object.entries(WAYS)) {
      const file = join(folder, `${index}.${extension}`);
      await writeFile(file, packages.map(statement).join(""));
      processes.push({ name: `${name} ${way}`, args: [file], env });
    }
  }
  const times = timeProcesses(processes, { rounds, runs: Math.ceil(RUNS / rounds) });
  const walls = (name, way) => times.get(`${name} ${way}`).map((runs) => median(runs.map(({ wall }) => wall)));
  const overFloor = (name, way) => {
    const floor = walls(FLOOR.name, way);
    return walls(name, way).map((wall, round) => wall - floor[round]);
  };

  const rows = SUBJECTS.map(({ name }) => [name, ...Object.keys(WAYS).map((way) => overFloor(name, way))]);
  const checks = Object.keys(WAYS).map((way) => {
    const measured = median(overFloor("aws-rolecall", way));
    return {
      what: `aws-rolecall by \`${way}\`, over an empty process`,
      target: `at most ${TARGET} ms`,
      measured: `${measured.toFixed(1)} ms`,
      met: measured <= TARGET,
    };
  });
  return { markdown: toMarkdown(rows, walls), plots: [], checks };
}

function toMarkdown(rows, walls) {
  const ways = Object.keys(WAYS);
  const [ours] = rows;
  const ratio = (values, index) => `${(median(values) / median(ours[index + 1])).toFixed(1)} ×`;
  return [
    `The table shows how much longer a process that only loads a package runs than a process of the same kind that loads nothing (${ways
      .map((way) => `\`${way}\`: ${formatSpread(walls(FLOOR.name, way), "ms")}`)
      .join(
        ", ",
      )}). Each process was started ${RUNS} times or more, interleaved with all others, and timed from the outside, from start to exit. Later imports, such as the SDK clients that do the work, are included only in the cold start above.`,
    "",
    `| milliseconds over ${FLOOR.name} | ${ways.map((way) => `by \`${way}\``).join(" | ")} | vs. ours |`,
    "|---|---:|---:|---:|",
    `| ${FLOOR.name} (floor) | 0 | 0 | |`,
    ...rows.map(
      ([name, ...values]) =>
        `| ${name} | ${values.map((times) => formatSpread(times, "ms")).join(" | ")} | ${values.map(ratio).join(", ")} |`,
    ),
  ].join("\n");
}
