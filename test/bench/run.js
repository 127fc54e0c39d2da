/**
 * `npm run bench`: every experiment, and docs/benchmarks.md. `npm run bench -- calls import` runs these two, prints, and
 * writes nothing. `BENCH_ROUNDS` (default 5) is how often each is measured.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { installLibrary } from "./lib/install-library.js";

const EXPERIMENTS = [
  "warm-command",
  "calls",
  "refresh",
  "cold-start",
  "first-answer",
  "shared-session",
  "import",
  "memory",
  "sockets",
  "bundle",
  "scale",
  "many-accounts",
];
const DOCS = new URL("../../docs/", import.meta.url);

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const named = process.argv.slice(2);
const unknown = named.filter((name) => !EXPERIMENTS.includes(name));
if (unknown.length > 0) throw new Error(`No experiment ${unknown.join(", ")}. There are: ${EXPERIMENTS.join(", ")}`);

installLibrary();
const results = [];
for (const name of named.length > 0 ? named : EXPERIMENTS) {
  const began = Date.now();
  const { title, run } = await import(`./experiments/${name}.js`);
  const result = await run({ rounds });
  results.push({ title, ...result });
  console.log(`\n## ${title} (${Math.round((Date.now() - began) / 1000)} s)\n\n${result.markdown}\n`);
  for (const { what, target, measured, met } of result.checks) {
    console.log(`${met ? "met    " : "NOT MET"}  ${what}: ${measured} (${target})`);
  }
}
if (named.length === 0) {
  const { toPage, toSvg } = await import("./lib/page.js");
  await mkdir(new URL("benchmarks/", DOCS), { recursive: true });
  for (const plot of results.flatMap(({ plots }) => plots)) {
    await writeFile(new URL(`benchmarks/${plot.file}.svg`, DOCS), await toSvg(plot));
  }
  await writeFile(new URL("benchmarks.md", DOCS), toPage(results, { rounds }));
}
process.exit();
