import type { AccountPlan, PlannedSkip, PlannedTarget } from "../../accounts/index.js";
import { groupBy } from "../../group-by.js";
import { escapeInvisible } from "../../request/validation.js";
import { accountLabel, countAccounts, shownName, toSafeJson } from "./account-label.js";

type Listed = Pick<AccountPlan, "targets" | "skipped">;

/** One account of a plan, with its regions. `regions` is empty if they could not be listed. */
export interface AccountRow extends Omit<PlannedTarget, "region"> {
  readonly regions: readonly string[];
}

/** One row for each account, in the order of the plan. */
export function toAccountRows(targets: readonly PlannedTarget[]): readonly AccountRow[] {
  return [...groupBy(targets, ({ accountId }) => accountId).values()].map((group) => {
    const [{ region: _, ...account }] = group;
    return { ...account, regions: group.flatMap(({ region }) => region ?? []) };
  });
}

/** The plan as a table, then what is skipped and why, then the totals. */
export function planToText({ targets, skipped }: Listed): string {
  const accounts = toAccountRows(targets);
  const table = accounts.length > 0 ? [...formatTable(accounts), ""] : [];
  const isIncomplete = accounts.some(({ regions }) => regions.length === 0);
  const advice = isIncomplete ? ["To see why regions could not be listed, run rolecall doctor --all-accounts."] : [];
  const left = skipped.length > 0 ? ["Skipped:", ...skipped.map((skip) => `  ${describeSkip(skip)}`), ""] : [];
  const targetCount = `${targets.length} ${targets.length === 1 ? "target" : "targets"}`;
  const skipCount = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  return [...table, ...left, `${countAccounts(accounts.length)}, ${targetCount}${skipCount}.`, ...advice, ""].join(
    "\n",
  );
}

export function planToJson({ targets, skipped }: Listed): string {
  return toSafeJson({ targets, skipped });
}

/** The regions come last, because there may be many. Without an organization, no account has a name. */
function formatTable(accounts: readonly AccountRow[]): readonly string[] {
  const rows = accounts.map(({ accountId, accountName, roleArn, regions }) => [
    accountId,
    shownName(accountName ?? ""),
    roleArn,
    regions.map(escapeInvisible).join(", ") || "(could not be listed)",
  ]);
  const header = ["ACCOUNT", "NAME", "ROLE", "REGIONS"];
  const hasNames = rows.some(([, name]) => name !== "");
  const columns = hasNames ? [0, 1, 2, 3] : [0, 2, 3];
  const all = [header, ...rows].map((row) => columns.map((column) => row[column] ?? ""));
  const widths = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

export function describeSkip(skip: PlannedSkip): string {
  const { region, reason, accountState } = skip;
  const where = region === undefined ? accountLabel(skip) : `${accountLabel(skip)} in ${escapeInvisible(region)}`;
  return `${where}: ${describeReason(reason, accountState)}`;
}

/** A reason, with the account's state if AWS reported one. */
export function describeReason(reason: string, accountState: string | undefined): string {
  return accountState === undefined ? reason : `${reason} (${escapeInvisible(accountState)})`;
}
