import type { Outcome } from "../../accounts/index.js";
import { isRolecallError } from "../../errors.js";
import { groupBy } from "../../group-by.js";
import type { VerifiedIdentity } from "../../resolver-types.js";
import type { Report } from "../report.js";
import { countAccounts, listAccountLabels, toSafeJson } from "./account-label.js";
import { describeReason } from "./plan-report.js";

type Verified = Outcome<VerifiedIdentity>;

/** Accounts that ended for the same reason. */
export interface AccountGroup {
  /** An error code, or why the accounts were not tried. */
  readonly code: string;
  readonly accounts: readonly Verified[];
  /** What to do about the first of them. */
  readonly hint: string | undefined;
}

/** How the attempts in all accounts ended. */
export interface VerifySummary {
  readonly assumed: number;
  /** By error code, the most frequent first. */
  readonly failed: readonly AccountGroup[];
  /** By reason. Includes attempts that were cut off. */
  readonly notTried: readonly AccountGroup[];
}

/** Whether all, some or none of the accounts can be assumed. No other command of `rolecall` uses these codes for this. */
export const VERIFY_EXIT_CODES = { all: 0, some: 6, none: 7 } as const;

export function summarize(outcomes: readonly Verified[]): VerifySummary {
  const isCutOff = (outcome: Verified) => outcome.status === "failed" && outcome.code === "ABORTED";
  return {
    assumed: outcomes.filter(({ status }) => status === "done").length,
    failed: group(outcomes.filter((outcome) => outcome.status === "failed" && !isCutOff(outcome))),
    notTried: group(outcomes.filter((outcome) => outcome.status === "skipped" || isCutOff(outcome))),
  };
}

function group(outcomes: readonly Verified[]): readonly AccountGroup[] {
  return [...groupBy(outcomes, codeOf)]
    .map(([code, accounts]) => ({ code, accounts, hint: hintOf(accounts[0]) }))
    .sort((one, other) => other.accounts.length - one.accounts.length);
}

function codeOf(outcome: Verified): string {
  if (outcome.status === "failed") return outcome.code;
  return outcome.status === "skipped" ? describeReason(outcome.reason, outcome.accountState) : "";
}

function hintOf(outcome: Verified): string | undefined {
  return outcome.status === "failed" && isRolecallError(outcome.error) ? outcome.error.hint : undefined;
}

/** Accounts that are not active don't count. */
export function verifyExitCode({ assumed, failed }: VerifySummary): number {
  if (assumed === 0) return VERIFY_EXIT_CODES.none;
  return failed.length > 0 ? VERIFY_EXIT_CODES.some : VERIFY_EXIT_CODES.all;
}

/** What is not tried after an interruption has no advice: it is not the accounts' fault. */
export function printSummary(summary: VerifySummary, report: Report): void {
  const { assumed, failed, notTried } = summary;
  for (const { code, accounts, hint } of failed) {
    report.mark("failed", `${countAccounts(accounts.length)}: ${code}`);
    report.advice(listAccountLabels(accounts));
    if (hint !== undefined) report.advice(hint);
  }
  for (const { code, accounts } of notTried) {
    report.mark("skipped", `${countAccounts(accounts.length)} not tried: ${code}`);
    report.advice(listAccountLabels(accounts));
  }
  const count = (groups: readonly AccountGroup[]) => groups.reduce((sum, { accounts }) => sum + accounts.length, 0);
  const tried = assumed + count(failed);
  const left = count(notTried);
  const isSilent = failed.length + notTried.length === 0;
  const leftOver = left > 0 ? ` ${left} not tried.` : "";
  report.line(`${isSilent ? "" : "\n"}${assumed} of ${countAccounts(tried)} can be assumed.${leftOver}`);
}

export function verificationToJson(exitCode: number, outcomes: readonly Verified[]): string {
  return toSafeJson({ exitCode, accounts: outcomes.map(toRecord) });
}

function toRecord(outcome: Verified): object {
  const { accountId, accountName, roleArn, status } = outcome;
  const account = { accountId, accountName, roleArn, status };
  if (outcome.status === "done") return { ...account, arn: outcome.value.arn };
  if (outcome.status === "skipped") return { ...account, reason: outcome.reason, accountState: outcome.accountState };
  const message = isRolecallError(outcome.error) ? outcome.error.message : undefined;
  return { ...account, code: outcome.code, retryable: outcome.retryable, message };
}
