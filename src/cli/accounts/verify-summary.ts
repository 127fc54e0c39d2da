import type { Outcome } from "../../accounts/index.js";
import { isRolecallError } from "../../errors.js";
import { groupBy } from "../../group-by.js";
import type { VerifiedIdentity } from "../../resolver-types.js";
import type { Report } from "../report.js";
import { countAccounts, listAccountLabels, toSafeJson } from "./account-label.js";
import { describeReason } from "./plan-report.js";

type Verified = Outcome<VerifiedIdentity>;

/** Accounts that failed or were skipped for the same reason. */
export interface AccountGroup {
  /** An error code, or why the accounts were not tried. */
  readonly code: string;
  readonly accounts: readonly Verified[];
  /** What to do about the first of them. */
  readonly hint: string | undefined;
}

/** The results of all accounts. */
export interface VerifySummary {
  readonly assumed: number;
  /** By error code, the most frequent first. */
  readonly failed: readonly AccountGroup[];
  /** By reason. Includes interrupted attempts. */
  readonly notTried: readonly AccountGroup[];
}

/** The exit codes if the role can be assumed in all, some or none of the accounts. No other command uses 6 and 7. */
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

/** Accounts that were not tried get no advice. */
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
  const leftOver = left > 0 ? ` ${countAccounts(left)} not tried.` : "";
  report.line(`${isSilent ? "" : "\n"}The role can be assumed in ${assumed} of ${countAccounts(tried)}.${leftOver}`);
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
