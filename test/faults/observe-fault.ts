import { inspect } from "node:util";
import { onTestFinished, vi } from "vitest";
import { type CredentialResolver, createCredentialResolver } from "../../src/index.js";
import { HUB } from "../support/hub.js";
import { MINUTE, ROLE, SECOND, setUpLocal } from "../support/local.js";
import { ask, type Caller, longest, passUntilEnded } from "./callers.js";
import type { Fault } from "./faults.js";
import { countRetained } from "./memory.js";
import { startRelay } from "./relay.js";

const CALLERS = 10;
const STEP = 100;
/** Longer than any wait and any late response. */
const EVERYTHING_ENDS = 70 * SECOND;
const NO_RECOVERY = 10 * MINUTE;

/** When a fault begins, how long a session is used after that, and how long a process without a session tries. */
interface Times {
  readonly begins: number;
  readonly heldFor: number;
  readonly goesOn: number;
}
/** The whole advisory window of a one-hour session, until the session expires for callers. */
const OF_STS: Times = { begins: 45 * MINUTE, heldFor: 14 * MINUTE + 49 * SECOND, goesOn: MINUTE };
/** The base identity is read again after an hour. This period has the same length and includes that read. */
const OF_IMDS: Times = { ...OF_STS, begins: 55 * MINUTE };
/** Enough for one refresh and its retries. */
const HEAVY: Times = { begins: 48.5 * MINUTE, heldFor: 30 * SECOND, goesOn: 2 * SECOND };
const HEAVY_OF_IMDS: Times = { ...HEAVY, begins: 59.75 * MINUTE };
/** Ten megabytes take many turns of the event loop. */
const HEAVY_SETTLES = 30;

/** The effects of a fault. Times are milliseconds on the manual clock. */
export interface Observation {
  /** A session is held, a command runs each second, and the refresh meets the fault. */
  held: { commands: number; failed: number; waited: number; calls: number };
  /** A process that has just started: ten concurrent callers. */
  needed: { outcomes: Set<string>; took: number; calls: number; errors: ToldError[] };
  /** Then one more caller each second. */
  goesOn: { commands: number; longest: number; calls: number };
  /** From the end of the fault to the first success, with a command every 100 ms. */
  recovery: number;
  /** The resources before and after the fault. */
  before: Remains;
  after: Remains;
  /** The number of errors that are still in memory after the recovery. */
  errorsRetained: number;
}

/** The contents of an error, without a reference to it. */
export interface ToldError {
  roleArn: string | undefined;
  hint: string;
  printed: string;
}

export interface Remains {
  timers: number;
  sockets: number;
  inFlight: number;
  queued: number;
}

export async function observeFault(fault: Fault): Promise<Observation> {
  const instance = { roleArn: ROLE, region: "eu-central-1", ...(fault.behindHub && { sourceRole: HUB }) };
  const { aws, clock, resolver } = await setUpLocal({
    roles: [
      { roleArn: ROLE, trustedPrincipals: ["*"] },
      { roleArn: HUB, allowAssumeRole: ["*"] },
    ],
  });
  const relay = fault.relayed ? await startRelay(aws.endpoint) : undefined;
  if (relay) vi.stubEnv("AWS_ENDPOINT_URL", relay.url);
  const times = timesOf(fault);
  const errors: WeakRef<object>[] = [];

  const session = await resolver.resolve(instance);
  const before = remains(resolver);
  await pass(times.begins);
  aws.clearRequests();
  const endFault = fault.begin({ aws, clock, relay, held: session });
  const held = await useHeldSession();
  await resolver.close();
  await pass(11 * SECOND); // it has expired

  const started = createCredentialResolver({ runtime: clock });
  onTestFinished(() => started.close());
  aws.clearRequests();
  const needed = await useAtOnce(started);
  aws.clearRequests();
  const goesOn = await useEachSecond(started);
  endFault();
  const recovery = await recover(started);
  await pass(EVERYTHING_ENDS);
  return {
    held,
    needed,
    goesOn,
    recovery,
    before,
    after: remains(started),
    errorsRetained: await countRetained(errors),
  };

  async function pass(ms: number): Promise<void> {
    await clock.advance(ms);
    for (let turn = 0; fault.heavy && turn < HEAVY_SETTLES; turn++) await clock.settle();
  }

  function calls(): number {
    return aws.count({ target: fault.on });
  }

  function remains(of: CredentialResolver): Remains {
    const { assumeRoleInFlight: inFlight, assumeRoleQueued: queued } = of.stats();
    return { timers: clock.pendingTimers, sockets: aws.sockets.aws.open + aws.sockets.imds.open, inFlight, queued };
  }

  async function useHeldSession(): Promise<Observation["held"]> {
    const callers: Caller[] = [];
    let waited = 0;
    for (let passed = 0; passed < times.heldFor; passed += SECOND) {
      const caller = ask(resolver, instance, clock);
      callers.push(caller);
      await new Promise<void>((resolve) => process.nextTick(resolve)); // promise jobs run, I/O does not
      if (!caller.outcome) waited++;
      await pass(SECOND);
    }
    await passUntilEnded(callers, clock);
    const failed = callers.filter(({ outcome }) => outcome !== "served").length;
    return { commands: callers.length, failed, waited, calls: calls() };
  }

  async function useAtOnce(of: CredentialResolver): Promise<Observation["needed"]> {
    const callers = Array.from({ length: CALLERS }, () => ask(of, instance, clock));
    await end(callers);
    return {
      outcomes: new Set(callers.map(({ outcome }) => String(outcome))),
      took: longest(callers),
      calls: calls(),
      errors: callers.flatMap(({ error }) =>
        error ? { roleArn: error.roleArn, hint: error.hint, printed: inspect(error, { depth: null }) } : [],
      ),
    };
  }

  async function useEachSecond(of: CredentialResolver): Promise<Observation["goesOn"]> {
    const callers: Caller[] = [];
    for (let passed = 0; passed < times.goesOn; passed += SECOND) {
      callers.push(ask(of, instance, clock));
      for (let step = 0; step < SECOND; step += STEP) await pass(STEP);
    }
    await end(callers);
    return { commands: callers.length, longest: longest(callers), calls: calls() };
  }

  async function recover(of: CredentialResolver): Promise<number> {
    const began = clock.monotonic();
    const callers: Caller[] = [];
    for (let passed = 0; passed < NO_RECOVERY; passed += STEP) {
      callers.push(ask(of, instance, clock));
      await clock.settle();
      if (callers.some(({ outcome }) => outcome === "served")) break;
      await pass(STEP);
    }
    const recovery = clock.monotonic() - began;
    await end(callers);
    return recovery;
  }

  async function end(callers: Caller[]): Promise<void> {
    await passUntilEnded(callers, { ...clock, advance: pass });
    errors.push(...callers.flatMap(({ error }) => (error ? new WeakRef(error) : [])));
  }
}

function timesOf({ on, heavy }: Fault): Times {
  if (on === "sts") return heavy ? HEAVY : OF_STS;
  return heavy ? HEAVY_OF_IMDS : OF_IMDS;
}
