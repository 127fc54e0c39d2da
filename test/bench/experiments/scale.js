import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.js";
import { formatNumber, formatSpread, median } from "../lib/statistics.js";

export const title = "From 10 to 100,000 sessions";

const CHILD = fileURLToPath(new URL("../children/scale.js", import.meta.url));
/** Each round takes half a minute, mostly to obtain 100,000 sessions. */
const ENOUGH_ROUNDS = 3;
const SIZES = [10, 100, 1000, 10_000, 100_000];

const WAYS = ["map", "rolecall"];

export async function run({ rounds }) {
  const results = new Map(SIZES.flatMap((size) => WAYS.map((way) => [`${way} ${size}`, []])));
  for (let round = 0; round < Math.min(rounds, ENOUGH_ROUNDS); round++) {
    for (const size of SIZES) {
      for (const way of WAYS) results.get(`${way} ${size}`).push(await runChild(CHILD, { args: [way, String(size)] }));
    }
  }
  const of = (way, size, what) => results.get(`${way} ${size}`).map((round) => round[what]);
  const time = (way, size) => median(of(way, size, "nanoseconds"));
  const growth = (way, size) => time(way, size) / time(way, SIZES[0]);
  const calls = SIZES.map((size) => Math.max(...of("rolecall", size, "calls")));
  const rows = SIZES.map((size, index) => {
    const cells = WAYS.map(
      (way) => `${formatSpread(of(way, size, "nanoseconds"))} | ${formatNumber(growth(way, size))} ×`,
    );
    return `| ${size.toLocaleString("en-US")} | ${cells.join(" | ")} | ${calls[index]} |`;
  });
  return {
    markdown: [
      "The benchmark calls `resolve()` for roles in random order, with all sessions in memory and an injected STS. The floor is a Map with the same number of credential sets and an expiry check. Then ten of the sessions are used every five minutes for three hours on a manual clock, and the others are idle. The times grow with the number of sessions because memory outside the processor's caches is slower. A Map's times grow too. Refreshes depend on the sessions in use, not on the sessions in memory.",
      "",
      "| sessions | ns for Map.get and an expiry check (floor) | vs. ten | ns for a warm resolve() | vs. ten | AssumeRole calls in three hours, ten sessions in use |",
      "|---:|---:|---:|---:|---:|---:|",
      ...rows,
    ].join("\n"),
    plots: [toPlot((size, what) => of("rolecall", size, what))],
    checks: [
      ...[10_000, 100_000].map((size) => ({
        what: `growth of the warm cost from 10 to ${size.toLocaleString("en-US")} sessions`,
        target: `at most 1.25 × the growth of a Map (${formatNumber(growth("map", size))} ×)`,
        measured: `${formatNumber(growth("rolecall", size))} ×, ${formatNumber(growth("rolecall", size) / growth("map", size))} × the growth of a Map`,
        met: growth("rolecall", size) <= 1.25 * growth("map", size),
      })),
      {
        what: "AssumeRole calls for ten sessions in use, with any number in memory",
        target: "40 or 50: one per hour and session",
        measured: `${Math.min(...calls)} to ${Math.max(...calls)}`,
        met: Math.max(...calls) <= 50,
      },
    ],
  };
}

function toPlot(of) {
  const values = SIZES.flatMap((size) => [
    { sessions: size, value: median(of(size, "nanoseconds")), what: "ns for a warm resolve()" },
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
