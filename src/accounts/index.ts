export type { AccountSettings, AccountsSettings, OrganizationSettings } from "../request/accounts.js";
export type { FanOut, FanOutResult } from "./fan-out.js";
export { forEachAccount } from "./for-each-account.js";
export type { Done, Failed, Outcome, OutcomePlace, Place, Skipped, SkipReason } from "./outcome.js";
export { type AccountPlan, type PlannedSkip, type PlannedTarget, planAccounts } from "./plan-accounts.js";
export type { ForEachAccountOptions, PlanOptions, RunOptions } from "./run-options.js";
export type { RunProgress } from "./run-targets.js";
export type { Target } from "./target.js";
