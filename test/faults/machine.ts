import { vi } from "vitest";
import { createManualClock, type ManualClock } from "../../src/testing/index.js";
import { assumeRoleCalls, HOUR, MINUTE, ROLE, SECOND, setUpLocal } from "../support/local.js";
import { ask, type Caller, longest, passUntilEnded } from "./callers.js";

const DAY = 24 * HOUR;

/** An event that affects the machine but not AWS, between two calls. */
export interface MachineEvent {
  readonly name: string;
  happen(machine: Machine): void;
  /** The number of STS calls that the next ten callers cause together. */
  readonly stsCalls: number;
}

interface Machine {
  readonly clock: ManualClock;
  /** AWS's time and the wall clock advance while the monotonic clock stops. */
  sleep(ms: number): void;
}

export const MACHINE_EVENTS: MachineEvent[] = [
  // If the clock is wrong, the first call is signed with the wrong time, and the response has the right time.
  { name: "the clock jumps a day ahead", happen: ({ clock }) => clock.stepWallClock(DAY), stsCalls: 2 },
  { name: "the clock jumps an hour ahead", happen: ({ clock }) => clock.stepWallClock(HOUR), stsCalls: 2 },
  { name: "the clock jumps an hour back", happen: ({ clock }) => clock.stepWallClock(-HOUR), stsCalls: 0 },
  { name: "the clock jumps a day back", happen: ({ clock }) => clock.stepWallClock(-DAY), stsCalls: 0 },
  { name: "the machine sleeps for three hours", happen: ({ sleep }) => sleep(3 * HOUR), stsCalls: 1 },
  { name: "the process is frozen for three hours", happen: ({ clock }) => clock.freeze(3 * HOUR), stsCalls: 1 },
];

const instance = { roleArn: ROLE, region: "eu-central-1" };

export async function observeMachine(event: MachineEvent) {
  const clock = createManualClock({ now: Date.now() });
  const began = clock.now();
  let slept = 0;
  const sleep = (ms: number) => {
    clock.stepWallClock(ms);
    slept += ms;
  };
  const awsClock = { now: () => began + clock.monotonic() + slept, sleep: clock.sleep };
  const { aws, resolver } = await setUpLocal({ clock, awsClock, strictSignatureTime: true });
  vi.useFakeTimers({ toFake: ["Date"], now: clock.now() }); // the SDK signs with this clock
  try {
    await resolver.resolve(instance);
    await clock.advance(20 * MINUTE);
    vi.setSystemTime(clock.now());
    await resolver.resolve(instance);
    aws.clearRequests();
    event.happen({ clock, sleep });
    vi.setSystemTime(clock.now());

    const callers = Array.from({ length: 10 }, () => ask(resolver, instance, clock));
    await passUntilEnded(callers, clock);
    const stsCalls = assumeRoleCalls(aws);
    const later = await useEachSecond();
    return {
      outcomes: new Set(callers.map(({ outcome }) => outcome)),
      took: longest(callers),
      stsCalls,
      later: { ...later, stsCalls: assumeRoleCalls(aws) - stsCalls },
    };
  } finally {
    vi.useRealTimers();
  }

  async function useEachSecond() {
    const callers: Caller[] = [];
    let waited = 0;
    for (let passed = 0; passed < MINUTE; passed += SECOND) {
      const caller = ask(resolver, instance, clock);
      callers.push(caller);
      await new Promise<void>((resolve) => process.nextTick(resolve)); // promise jobs run, I/O does not
      if (!caller.outcome) waited++;
      await clock.advance(SECOND);
    }
    await passUntilEnded(callers, clock);
    return { commands: callers.length, failed: callers.filter(({ outcome }) => outcome !== "served").length, waited };
  }
}
