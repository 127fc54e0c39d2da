import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.js";
import { formatSpread, median } from "../lib/statistics.js";

export const title = "Memory per session";

const CHILD = fileURLToPath(new URL("../children/memory.js", import.meta.url));
const LIMIT = 2.6 * 1024;
/** Memory use does not depend on the machine's speed. */
const ENOUGH_ROUNDS = 3;
const SUBJECTS = [
  { label: "the text of the credentials alone (floor)", way: "text", count: 10_000 },
  { label: "a Map of credentials and their expiry", way: "map", count: 10_000 },
  { label: "aws-rolecall", way: "rolecall", count: 10_000 },
  { label: "the SDK's fromTemporaryCredentials, memoized", way: "sdk", count: 1000 },
];

export async function run({ rounds }) {
  const results = new Map(SUBJECTS.map(({ label }) => [label, []]));
  for (let round = 0; round < Math.min(rounds, ENOUGH_ROUNDS); round++) {
    for (const { label, way, count } of SUBJECTS) {
      const nodeArgs = ["--expose-gc"];
      results.get(label).push(await runChild(CHILD, { nodeArgs, args: [way, String(count)] }));
    }
  }
  const of = (label, what) => results.get(label).map((round) => round[what]);
  const ours = median(of("aws-rolecall", "refreshed"));
  const floor = median(of(SUBJECTS[0].label, "held"));
  const rows = SUBJECTS.map(({ label, way }) => {
    const refreshed = way === "rolecall" ? formatSpread(of(label, "refreshed")) : "";
    return `| ${label} | ${formatSpread(of(label, "held"))} | ${refreshed} | ${(median(of(label, "held")) / floor).toFixed(1)} × |`;
  });
  return {
    markdown: [
      "The table shows the heap bytes per session after garbage collection, with 10,000 sessions (1,000 for the SDK's providers, which have one STS client each). Most of that is a session token of 800 characters. The library is measured with an injected STS and a manual clock, after all sessions were loaded and again after each was refreshed twice. A session of the library also holds the assumed role's ARN, the request and the key.",
      "",
      "| | loaded | after two refreshes | vs. floor |",
      "|---|---:|---:|---:|",
      ...rows,
    ].join("\n"),
    plots: [],
    checks: [
      {
        what: "heap per session, with 10,000 loaded and refreshed",
        target: `at most ${LIMIT / 1024} KiB`,
        measured: `${(ours / 1024).toFixed(2)} KiB`,
        met: ours <= LIMIT,
      },
    ],
  };
}
