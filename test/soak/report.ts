import { MINUTE, SECOND } from "../support/local.js";
import type { SoakResult } from "./soak.js";
import type { Spell } from "./weather.js";

export interface Criterion {
  readonly name: string;
  readonly met: boolean;
  readonly found: string;
}

/** Mean age at which a one-hour session is refreshed, in minutes: the middle of the first half of its window. */
const MEAN_AGE_AT_REFRESH = 48.75;
const ALLOWED_DEVIATION = 0.01;
const ALLOWED_HEAP_GROWTH = 0.05;
/** A response that takes as long as its caller waits is sent, but not used. */
const ALLOWED_LATE = 0.0001;
/** Timers besides one for each role's session: one for the base identity, and one for a pending read of it. */
const OTHER_TIMERS = 4;

/** What a soak run must show. Random variation is allowed for in a short run, and its heap is not checked. */
export function criteriaOf(result: SoakResult, { judgeHeap }: { judgeHeap: boolean }): Criterion[] {
  const { options, commands, tally, expected, heap, timers, held, obtained } = result;
  const failures = total(tally.injected);
  const theory = expected.mean + failures;
  const off = Math.abs(tally.assumeRoleCalls - theory);
  const allowed = Math.max(ALLOWED_DEVIATION * expected.mean, 4 * expected.deviation);
  const growth = heap.end / heap.start - 1;
  const late = tally.sessions - obtained;
  return [
    {
      name: "AssumeRole calls within 1 % of the sessions that the policy asks for and the failures injected",
      met: off <= allowed,
      found: `${tally.assumeRoleCalls} calls, ${theory.toFixed(0)} expected, off by ${percent(off / expected.mean)} of the sessions`,
    },
    {
      name: "each AssumeRole call is a session given or a failure injected, and hardly a session comes too late to be used",
      met: tally.assumeRoleCalls === tally.sessions + failures && late >= 0 && late <= ALLOWED_LATE * tally.sessions,
      found: `${tally.assumeRoleCalls} = ${tally.sessions} + ${failures}; ${late} sessions came too late`,
    },
    {
      name: "no refusal that nothing explains",
      met: total(tally.unexplained) === 0,
      found: listed(tally.unexplained),
    },
    {
      name: "no command failed while a session was valid or available",
      met: commands.unexcused === 0,
      found: `${commands.unexcused}`,
    },
    {
      name: "no command waited while its session was valid",
      met: commands.waitedInVain === 0,
      found: `${commands.waitedInVain}`,
    },
    {
      name: "no wrong identity, nothing expired",
      met: commands.wrong.length === 0,
      found: commands.wrong.slice(0, 5).join("; ") || "none",
    },
    {
      name: "a timer for each session and no more than a few others, none after close()",
      met: timers.calm <= options.roles + OTHER_TIMERS && timers.closed === 0,
      found: `${timers.calm} for ${options.roles} roles, ${timers.closed} after close()`,
    },
    {
      name: "sessions and clients within their bounds",
      met: held.sessions <= options.roles + 1 && held.clients <= held.maxClients,
      found: `${held.sessions} sessions of ${options.roles} roles and the base identity, ${held.clients} of ${held.maxClients} clients`,
    },
    {
      name: "heap grows by less than 5 %",
      met: !judgeHeap || growth < ALLOWED_HEAP_GROWTH,
      found: `${percent(growth)}${judgeHeap ? "" : ", not judged"}`,
    },
  ];
}

export function reportOf(result: SoakResult, criteria: readonly Criterion[]): string {
  const { options, weather, commands, tally, expected, heap, timers, obtained } = result;
  const { roles, hours } = options;
  const shortest = (roles * hours * 60) / MEAN_AGE_AT_REFRESH;
  const failures = total(tally.injected);
  return [
    "",
    `${roles} roles, ${hours} h, ${options.commandsPerSecond} commands/s, seed ${options.seed}: took ${(result.took / SECOND).toFixed(0)} s`,
    "",
    "Commands",
    `  ${commands.issued} issued, ${commands.reallySent} of them sent to AWS`,
    `  ${commands.waited} had to wait, ${commands.waitedForFirst} of them for the first session of a role; worst wait ${(commands.worstWait / SECOND).toFixed(1)} s of moved time`,
    `  failed: ${listed(commands.failures)}`,
    "",
    "STS",
    `  ${roles * hours} sessions of a full hour, back to back: the theoretical minimum, with each refresh at the moment of expiry`,
    `  ${shortest.toFixed(0)} sessions of ${MEAN_AGE_AT_REFRESH} min, the mean age at which the policy refreshes`,
    `  ${expected.mean.toFixed(0)} ± ${expected.deviation.toFixed(0)} sessions by the policy, with first uses, the end and the outages`,
    `  ${obtained} sessions obtained`,
    `  ${failures} failures injected: ${listed(tally.injected)}`,
    `  ${tally.assumeRoleCalls} AssumeRole calls = ${(tally.assumeRoleCalls / (roles * hours + failures)).toFixed(3)} × (minimum + failures)`,
    `  ${tally.imdsRequests} requests to the metadata service, ${tally.identityCalls} other calls`,
    "",
    "Trouble",
    `  STS: ${spells(weather.sts)}`,
    `  metadata service: ${spells(weather.imds)}`,
    `  base identity's keys: ${listed(countBy(weather.keys))}`,
    "",
    "Memory",
    `  heap ${mebibytes(heap.start)} after ${options.warmUpHours} h, ${mebibytes(heap.end)} at the end`,
    `  timers: ${timers.calm} without trouble, ${timers.most} at most`,
    "",
    ...criteria.map(({ name, met, found }) => `${met ? "met   " : "NOT MET"} ${name}: ${found}`),
    "",
  ].join("\n");
}

export interface Progress {
  readonly hour: number;
  readonly heap: number;
  readonly commands: SoakResult["commands"];
  readonly tally: SoakResult["tally"];
  readonly took: number;
}

export function progressLine({ hour, heap, commands, tally, took }: Progress): string {
  return [
    `hour ${String(hour).padStart(2)}`,
    `${commands.issued} commands`,
    `${commands.waited} waited`,
    `${total(commands.failures)} failed`,
    `${tally.assumeRoleCalls} AssumeRole`,
    `${total(tally.injected)} injected`,
    `heap ${mebibytes(heap)}`,
    `${(took / SECOND).toFixed(0)} s`,
  ].join(", ");
}

function spells(all: readonly Spell<string>[]): string {
  const minutes = all.map(({ from, to }) => (to - from) / MINUTE);
  const sum = minutes.reduce((a, b) => a + b, 0);
  return `${all.length} spells, ${sum.toFixed(0)} min, the longest ${Math.max(0, ...minutes).toFixed(1)} min (${listed(countBy(all))})`;
}

function countBy(all: readonly Spell<string>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { trouble } of all) counts[trouble] = (counts[trouble] ?? 0) + 1;
  return counts;
}

function listed(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return entries.map(([name, count]) => `${name} ${count}`).join(", ") || "none";
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
