import type { MakeClient } from "../../src/accounts/ask-aws.js";
import { type FanOut, RunOutcomes } from "../../src/accounts/fan-out.js";
import type { Outcome } from "../../src/accounts/outcome.js";
import type { Plan, PlannedAccount } from "../../src/accounts/plan.js";
import type { RunSettings, Steps } from "../../src/accounts/run-targets.js";
import { createManualClock } from "../../src/testing/index.js";

export const ACCOUNT = "111122223333";
export const OTHER_ACCOUNT = "444455556666";

export const plannedAccount = (id: string, known: readonly string[] | undefined, wanted?: readonly string[]) =>
  ({
    id,
    name: undefined,
    roleArn: `arn:aws:iam::${id}:role/Audit`,
    externalId: undefined,
    regions: { known, wanted },
  }) satisfies PlannedAccount;

export const planOf = (...accounts: PlannedAccount[]): Plan => ({ accounts, inactive: [] });

/** A plan of so many accounts with one region each. */
export const planOfAccounts = (count: number): Plan =>
  planOf(...Array.from({ length: count }, (_, index) => plannedAccount(`${100_000_000_000 + index}`, ["us-east-1"])));

/** A run whose steps succeed at once, unless they are given. */
export function createRun<T = string>(
  plan: Plan | (() => Promise<Plan>),
  steps: Partial<Steps<T>> = {},
  settings: Partial<RunSettings> = {},
) {
  const clock = createManualClock();
  const all: Steps<T> = {
    credentials: async ({ begin }) => begin(),
    regions: async () => ["us-east-1"],
    work: async ({ account }, region) => `${account.id} ${region}` as T,
    ...steps,
  };
  const fanOut: FanOut<T> = new RunOutcomes(typeof plan === "function" ? plan : () => plan, all, {
    concurrency: 10,
    regionConcurrency: 4,
    timeout: undefined,
    tolerance: undefined,
    canary: 0,
    signal: undefined,
    onProgress: undefined,
    runtime: clock,
    ...settings,
  });
  return { fanOut, clock };
}

/** How a target ended: its status, and the code or the reason. */
export const endingOf = (outcome: Outcome<unknown>): string =>
  outcome.status === "done" ? "done" : outcome.status === "failed" ? outcome.code : outcome.reason;

export const forever = <T>() => new Promise<T>(() => {});

/** A client that answers with these pages, one after the other. */
export const clientOf = (...pages: object[]): MakeClient =>
  (() => ({
    send: async ({ input: { NextToken = "0" } }: { input: { NextToken?: string } }) => ({
      ...pages[Number(NextToken)],
      ...(Number(NextToken) + 1 < pages.length && { NextToken: `${Number(NextToken) + 1}` }),
    }),
  })) as never;
