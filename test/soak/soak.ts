import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  type CredentialResolver,
  createCredentialResolver,
  type RolecallEvents,
  type Runtime,
} from "../../src/index.js";
import { createManualClock, type ManualClock } from "../../src/testing/index.js";
import { HOUR, MINUTE, SECOND } from "../support/local.js";
import { seededRandom } from "../support/seeded-random.js";
import { Commands } from "./commands.js";
import { type ExpectedSessions, expectedSessions } from "./expected-sessions.js";
import { collectedHeap } from "./heap.js";
import type { Tally } from "./ledger.js";
import { type RemoteAws, startRemoteAws } from "./remote-aws.js";
import { progressLine } from "./report.js";
import { HOSTNAME } from "./roles.js";
import { createStandstill } from "./standstill.js";
import { type Climate, drawWeather, isTroubled, outagesOfSts, type Spell, type Weather } from "./weather.js";

export interface SoakOptions {
  readonly roles: number;
  readonly hours: number;
  readonly commandsPerSecond: number;
  readonly seed: number;
  readonly climate: Climate;
  /** Simulated hours after which the first heap is measured. */
  readonly warmUpHours: number;
  /** Called with one line for each simulated hour. */
  progress(line: string): void;
  /** Sets a variable of `process.env` while the soak runs. */
  stubEnv(name: string, value: string): void;
}

export interface SoakResult {
  readonly options: SoakOptions;
  readonly weather: Weather;
  readonly commands: Commands["counts"];
  readonly tally: Tally;
  /** Sessions of roles that the resolver reports. */
  readonly obtained: number;
  readonly expected: ExpectedSessions;
  /** Bytes after a forced collection: after the warm-up, and at the end. */
  readonly heap: { readonly start: number; readonly end: number };
  /** The largest number of the clock's timers: overall, in seconds without a disturbance, and after `close()`. */
  readonly timers: { readonly most: number; readonly calm: number; readonly closed: number };
  readonly held: { readonly sessions: number; readonly clients: number; readonly maxClients: number };
  /** Real milliseconds. */
  readonly took: number;
}

const LIFE = HOUR;
/** A load that began in an outage can fail this long after the outage: `assumeRole.timeout`. */
const LOAD_TIMEOUT = 10 * SECOND;
/** The time after a disturbance until all delayed work is done: twice the longest backoff. */
const CALM_AFTER = 2 * MINUTE;
/** The other commands find that their client was evicted. */
const SHARE_OF_CLIENTS_HELD = 0.95;

/** Simulates days of a resolver's life in minutes, against a local AWS over HTTP with disturbances. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { roles, hours, commandsPerSecond, seed } = options;
  const began = performance.now();
  const weather = drawWeather(hours * HOUR, options.climate, seededRandom(seed));
  const clock = createManualClock({ now: Date.now(), random: seededRandom(seed + 1), hostname: HOSTNAME });
  const aws = await startRemoteAws(roles, clock.now());
  for (const [name, value] of Object.entries(aws.env)) options.stubEnv(name, value);
  const maxClients = Math.ceil(roles * SHARE_OF_CLIENTS_HELD);
  const resolver = createCredentialResolver({ runtime: sharingTime(clock, aws), maxClients });
  const commands = new Commands({
    resolver,
    clock,
    endpoint: aws.endpoint,
    roles,
    random: seededRandom(seed + 2),
    isExcused: (asked, refused) => isTroubled(weather, asked - LOAD_TIMEOUT, refused),
  });
  const sessions = countSessions();
  const isCalm = () => !isTroubled(weather, clock.monotonic() - CALM_AFTER, clock.monotonic());
  const standStill = createStandstill({ resolver, aws, commands, isCalm });
  const changes = changesOf(weather, aws);
  const timers = { most: 0, calm: 0 };
  const heap = { start: 0, end: 0 };

  /** Half of a second's commands: they run while that second's refreshes are pending. */
  const early = Math.ceil(commandsPerSecond / 2);
  for (let second = 1; second <= hours * 3600; second++) {
    await clock.advance(SECOND);
    await commands.issue(early);
    await standStill();
    while (changes[0] !== undefined && changes[0].at <= clock.monotonic()) await changes.shift()?.make();
    await commands.issue(commandsPerSecond - early);
    await standStill();
    timers.most = Math.max(timers.most, clock.pendingTimers);
    if (isCalm()) timers.calm = Math.max(timers.calm, clock.pendingTimers);
    if (second % 3600 === 0) {
      const hour = second / 3600;
      heap.end = await collectedHeap();
      if (hour <= options.warmUpHours) heap.start = heap.end;
      const took = performance.now() - began;
      options.progress(
        progressLine({ hour, heap: heap.end, commands: commands.counts, tally: await aws.tally(), took }),
      );
    }
  }

  const tally = await aws.tally();
  const { sessions: sessionsHeld, clients } = resolver.stats();
  const closed = await timersAfterClose(resolver, clock);
  await aws.close();
  return {
    options,
    weather,
    commands: commands.counts,
    tally,
    obtained: sessions.end(),
    expected: expectedSessions({
      life: LIFE,
      firstUses: commands.firstAsked,
      end: hours * HOUR,
      outages: outagesOfSts(weather),
      random: seededRandom(seed + 3),
    }),
    heap,
    timers: { ...timers, closed },
    held: { sessions: sessionsHeld, clients, maxClients },
    took: performance.now() - began,
  };
}

/** The server's time is the time that the library read last, which it reads before each of its requests. */
function sharingTime(clock: ManualClock, aws: RemoteAws): Runtime {
  return {
    ...clock,
    now() {
      aws.setTime(clock.now());
      return clock.now();
    },
  };
}

function countSessions() {
  let obtained = 0;
  const listener = (message: unknown) => {
    if ((message as RolecallEvents["refreshed"]).roleArn !== undefined) obtained++;
  };
  subscribe("aws-rolecall:refreshed", listener);
  return {
    end: () => {
      unsubscribe("aws-rolecall:refreshed", listener);
      return obtained;
    },
  };
}

async function timersAfterClose(resolver: CredentialResolver, clock: ManualClock): Promise<number> {
  await resolver.close();
  await clock.settle();
  return clock.pendingTimers;
}

interface Change {
  readonly at: number;
  make(): Promise<void>;
}

/** The beginnings and ends of all spells, in order. */
function changesOf(weather: Weather, aws: RemoteAws): Change[] {
  const both = <T>({ from, to, trouble }: Spell<T>, make: (trouble: T | undefined) => Promise<void>): Change[] => [
    { at: from, make: () => make(trouble) },
    { at: to, make: () => make(undefined) },
  ];
  return [
    ...weather.sts.flatMap((spell) => both(spell, aws.troubleSts)),
    ...weather.imds.flatMap((spell) => both(spell, aws.troubleImds)),
    ...weather.keys.map(({ from, trouble }) => ({ at: from, make: () => aws.changeKeys(trouble) })),
  ].sort((a, b) => a.at - b.at);
}
