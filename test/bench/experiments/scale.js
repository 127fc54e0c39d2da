import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.js";
import { formatNumber, formatSpread, median } from "../lib/statistics.js";

export const title = "From ten sessions to a hundred thousand";

const CHILD = fileURLToPath(new URL("../children/scale.js", import.meta.url));
/** Each takes half a minute, most of it to obtain a hundred thousand sessions. */
const ENOUGH_ROUNDS = 3;
const SIZES = [10, 100, 1000, 10_000, 100_000];

export async function run({ rounds }) {
  const results = new Map(SIZES.map((size) => [size, []]));
  for (let round = 0; round < Math.min(rounds, ENOUGH_ROUNDS); round++) {
    for (const size of SIZES) results.get(size).push(await runChild(CHILD, { args: [String(size)] }));
  }
  const of = (size, what) => results.get(size).map((round) => round[what]);
  const least = median(of(SIZES[0], "nanoseconds"));
  const calls = SIZES.map((size) => Math.max(...of(size, "calls")));
  const growth = median(of(10_000, "nanoseconds")) / least;
  return {
    markdown: [
      "`resolve()` for roles in random order, all sessions held, with an injected STS; then ten of the sessions are used every five minutes for three hours of moved time, while the rest are left alone. Warm cost stays flat in the cache's own work; what grows with the number is the processor's: a hundred thousand sessions do not fit its caches. Refreshes follow the sessions in use, and not those held.",
      "",
      "| sessions | ns for a warm question | to ten sessions | AssumeRole calls in three hours, ten in use |",
      "|---:|---:|---:|---:|",
      ...SIZES.map(
        (size, index) =>
          `| ${size.toLocaleString("en-US")} | ${formatSpread(of(size, "nanoseconds"))} | ${formatNumber(median(of(size, "nanoseconds")) / least)} × | ${calls[index]} |`,
      ),
    ].join("\n"),
    plots: [toPlot(of)],
    checks: [
      {
        what: "warm cost with 10,000 sessions, to ten",
        target: "flat: at most 2 ×",
        measured: `${formatNumber(growth)} ×`,
        met: growth <= 2,
      },
      {
        what: "AssumeRole calls of ten sessions in use, whatever is held",
        target: "40 or 50: one an hour for each",
        measured: `${Math.min(...calls)} to ${Math.max(...calls)}`,
        met: Math.max(...calls) <= 50,
      },
    ],
  };
}

function toPlot(of) {
  const values = SIZES.flatMap((size) => [
    { sessions: size, value: median(of(size, "nanoseconds")), what: "ns for a warm question" },
    { sessions: size, value: median(of(size, "calls")), what: "AssumeRole calls, ten in use" },
  ]);
  return {
    file: "scale",
    title: "Warm cost and refresh work by the number of sessions held",
    spec: {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      data: { values },
      width: 500,
      height: 240,
      mark: { type: "line", point: true },
      encoding: {
        x: { field: "sessions", type: "quantitative", scale: { type: "log" }, title: "sessions held" },
        y: { field: "value", type: "quantitative", title: null, scale: { domainMin: 0 } },
        color: { field: "what", type: "nominal", title: null },
      },
    },
  };
}
