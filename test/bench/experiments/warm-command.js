import defined from "../contenders/rolecall-defined.js";
import { loadContenders } from "../lib/contenders.js";
import { formatNumber, formatSpread, median } from "../lib/statistics.js";
import { timeWarmCommands } from "../lib/warm-commands.js";

export const title = "A warm command";

const FLOOR = "Map.get and an expiry check (floor)";
const OURS = "rolecall";
const DEFINED = defined.name;
const CACHED = "memoized-cached-client";
/** In nanoseconds. A send costs about 400,000. */
const TARGETS = { [OURS]: 20_000, [DEFINED]: 3_000 };
/** These keep clients. All others create one for each command. */
const HOLDS_CLIENTS = new Set([OURS, DEFINED, CACHED, "default-chain-cached-client"]);

export async function run({ rounds }) {
  const [ours, ...peers] = await loadContenders();
  const contenders = [ours, defined, ...peers];
  const subjects = [
    { label: FLOOR, contender: "floors/map-get" },
    ...contenders.map(({ name, label }) => ({ name, label, contender: `contenders/${name}` })),
  ];
  const results = await timeWarmCommands(subjects, rounds);
  const of = (label, what) => results.get(label).map((round) => round[what]);
  const labelOf = (wanted) => subjects.find(({ name }) => name === wanted).label;
  const command = (label) => median(of(label, "command"));
  const [floor, plain, definedOnce, cached] = [FLOOR, ...[OURS, DEFINED, CACHED].map(labelOf)].map(command);
  const makers = subjects.filter(({ name }) => name !== undefined && !HOLDS_CLIENTS.has(name));
  const bestMaker = Math.min(...makers.map(({ label }) => command(label)));
  const provider = (label) => median(of(label, "provider"));
  const providerRatio = provider(labelOf(OURS)) / provider(labelOf(CACHED));

  const rows = subjects.map(({ label }) => {
    const cells = ["command", "client", "provider"].map((what) => formatSpread(of(label, what)));
    return `| ${label} | ${cells.join(" | ")} | ${formatNumber(command(label) / floor)} × | ${formatNumber(command(label) / cached)} × |`;
  });
  return {
    markdown: [
      "All times are in nanoseconds. A command calls `getClientForCommand` with a new overrides object and gets credentials through the client, as the SDK does for each request. All sessions are in memory, and four roles alternate. Each contender runs in a separate process, and is measured for 0.12 s or longer after a second of warm-up. Contenders that call STS for each command also do so here, on loopback and without latency. The second column is the client alone. The third is the credentials of an existing client.",
      "",
      "| | command | client alone | credentials of an existing client | vs. floor | vs. client cache by hand |",
      "|---|---:|---:|---:|---:|---:|",
      ...rows,
    ].join("\n"),
    plots: [],
    checks: [
      {
        what: "a warm command with a plain object as the instance",
        target: `at most ${formatNumber(TARGETS[OURS] / 1000)} µs`,
        measured: `${formatNumber(plain / 1000)} µs, ${formatNumber(plain / cached)} × a client cache by hand around the SDK`,
        met: plain <= TARGETS[OURS],
      },
      {
        what: "a warm command with a defined instance",
        target: `at most ${formatNumber(TARGETS[DEFINED] / 1000)} µs`,
        measured: `${formatNumber(definedOnce / 1000)} µs, ${formatNumber(definedOnce / cached)} × a client cache by hand around the SDK`,
        met: definedOnce <= TARGETS[DEFINED],
      },
      {
        what: "a warm command with a defined instance, faster than the best contender that creates a client per command",
        target: "at least 30 ×",
        measured: `${formatNumber(bestMaker / definedOnce)} ×`,
        met: bestMaker >= 30 * definedOnce,
      },
      {
        what: "credentials of an existing client, compared with the SDK's memoizer",
        target: "at most 1.5 ×",
        measured: `${formatNumber(providerRatio)} ×`,
        met: providerRatio <= 1.5,
      },
    ],
  };
}
