import {
  type CommandOverrides,
  type CredentialResolver,
  type IntegrationInstance,
  isRolecallError,
  type RolecallError,
} from "../../src/index.js";
import type { ManualClock } from "../../src/testing/index.js";

const STEP = 100;
/** A caller without a signal waits at most one minute. */
const LONGEST_WAIT = 65_000;

/** One command that requests credentials. */
export interface Caller {
  readonly ended: Promise<void>;
  /** `"served"` or the error's code; absent while it waits. */
  outcome?: string;
  /** Milliseconds on the clock from request to result. */
  took?: number;
  error?: RolecallError;
}

export function ask(
  resolver: CredentialResolver,
  instance: IntegrationInstance,
  clock: Pick<ManualClock, "monotonic">,
  command?: CommandOverrides,
): Caller {
  const asked = clock.monotonic();
  const end = (outcome: string) => {
    caller.outcome = outcome;
    caller.took = clock.monotonic() - asked;
  };
  const caller: Caller = {
    ended: resolver.resolve(instance, command).then(
      () => end("served"),
      (error) => {
        if (!isRolecallError(error)) throw error;
        caller.error = error;
        end(error.code);
      },
    ),
  };
  return caller;
}

/** Advances the clock until every caller has a result. */
export async function passUntilEnded(
  callers: readonly Caller[],
  clock: Pick<ManualClock, "advance" | "settle">,
): Promise<void> {
  await clock.settle();
  for (let passed = 0; callers.some(({ outcome }) => !outcome) && passed < LONGEST_WAIT; passed += STEP) {
    await clock.advance(STEP);
  }
  await Promise.all(callers.map(({ ended }) => ended));
}

export function longest(callers: readonly Caller[]): number {
  return Math.max(...callers.map(({ took }) => took ?? Number.POSITIVE_INFINITY));
}
