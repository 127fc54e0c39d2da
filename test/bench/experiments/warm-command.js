import { loadContenders } from "../lib/contenders.js";
import { formatNumber, formatSpread, median } from "../lib/statistics.js";
import { timeWarmCommands } from "../lib/warm-commands.js";

export const title = "A warm command";

const FLOOR = "Map.get and an expiry check (floor)";
const OURS = "rolecall";
const CACHED = "memoized-cached-client";
/** They hold clients; all others make one for each command. */
const HOLDS_CLIENTS = new Set([OURS, CACHED, "default-chain-cached-client"]);

export async function run({ rounds }) {
  const contenders = await loadContenders();
  const subjects = [
    { label: FLOOR, contender: "floors/map-get" },
    ...contenders.map(({ name, label }) => ({ name, label, contender: `contenders/${name}` })),
  ];
  const results = await timeWarmCommands(subjects, rounds);
  const of = (label, what) => results.get(label).map((round) => round[what]);
  const labelOf = (wanted) => subjects.find(({ name }) => name === wanted).label;
  const command = (label) => median(of(label, "command"));
  const [floor, ours, cached] = [FLOOR, labelOf(OURS), labelOf(CACHED)].map(command);
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
      "All times are in nanoseconds. A command calls `getClientForCommand` with a new overrides object and gets credentials through the client, as the SDK does for each request. All sessions are in memory, and four roles alternate. Each contender runs in a separate process for 0.12 s or longer. Contenders that call STS for each command also do so here, on loopback and without latency. The second column is the client alone. The third is the credentials of an existing client.",
      "",
      "| | command | client alone | credentials of an existing client | vs. floor | vs. client cache by hand |",
      "|---|---:|---:|---:|---:|---:|",
      ...rows,
    ].join("\n"),
    plots: [],
    checks: [
      {
        what: "a warm command, compared with a client cache by hand around the SDK",
        target: "at most 5 ×; aim: 2.5 ×",
        measured: `${formatNumber(ours / cached)} × (${formatNumber(ours)} ns)`,
        met: ours <= 5 * cached,
      },
      {
        what: "a warm command, faster than the best contender that creates a client per command",
        target: "at least 30 ×",
        measured: `${formatNumber(bestMaker / ours)} ×`,
        met: bestMaker >= 30 * ours,
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
