import type { NamedAccount } from "../accounts/account-label.js";

/** The result of one step of the setup guide. */
export interface Finding {
  readonly step: Step;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** The result, in one sentence. */
  readonly summary: string;
  /** What to do, most likely fix first. Empty if there is nothing to do. */
  readonly next: readonly string[];
  /** Present only for the steps of a role. */
  readonly roleArn?: string;
  /** The accounts that the finding is about. Only with `--all-accounts`. */
  readonly accounts?: readonly NamedAccount[];
}

/** Each step, and the exit code if it is the first to fail. */
export const EXIT_CODES = {
  metadata: 3,
  "metadata-v1": 3,
  "base-identity": 3,
  region: 4,
  sts: 4,
  clock: 4,
  caller: 3,
  "source-role": 5,
  accounts: 5,
  "allowed-roles": 5,
  assume: 5,
  "external-id": 5,
  duration: 5,
  "account-regions": 5,
} as const;

export type Step = keyof typeof EXIT_CODES;

/** Creates findings of one status. Leaves out advice that is `undefined`. */
function report(status: Finding["status"]) {
  return (step: Step, summary: string, ...next: readonly (string | undefined)[]): Finding => ({
    step,
    status,
    summary,
    next: next.filter((advice) => advice !== undefined),
  });
}

export const ok = report("ok");
export const warning = report("warning");
export const failed = report("failed");
export const skipped = report("skipped");
