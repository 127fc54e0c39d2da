import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.js";
import { formatSpread, median } from "../lib/statistics.js";

export const title = "Memory for a session";

const CHILD = fileURLToPath(new URL("../children/memory.js", import.meta.url));
const LIMIT = 2.6 * 1024;
/** What is held does not depend on the machine's speed. */
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
      "Bytes of the heap for each session after garbage collections: 10,000 of them (1,000 of the SDK's providers, each of which has an STS client of its own). A session token of 800 characters is the greater part. Ours is measured with an injected STS and a manual clock, once when all sessions were obtained and again when each was refreshed twice; a session of ours knows its role's assumed ARN, its request and its key as well.",
      "",
      "| | held | after two refreshes | to the floor |",
      "|---|---:|---:|---:|",
      ...rows,
    ].join("\n"),
    plots: [],
    checks: [
      {
        what: "heap for a session, 10,000 held and refreshed",
        target: `at most ${LIMIT / 1024} KiB`,
        measured: `${(ours / 1024).toFixed(2)} KiB`,
        met: ours <= LIMIT,
      },
    ],
  };
}
