import { readCallback, readSignal } from "../call-options.js";
import { assertResolver } from "../get-client-for-command.js";
import { readAccountIds, readRegions } from "../request/accounts.js";
import type { AuthorSession } from "../request/author-session.js";
import { createSettingsReader, type SettingsTable } from "../request/settings-table.js";
import { isGiven, readInteger, readLimit, readRecord } from "../request/validation.js";
import type { CredentialResolver } from "../resolver-types.js";
import type { RunProgress } from "./run-targets.js";

/** The accounts and regions to use, and how to call AWS. */
export interface PlanOptions {
  /**
   * Limits the run to these accounts. An account that the instance does not list is an error, and so is `[]`. Default:
   * all accounts.
   */
  accountIds?: readonly string[] | undefined;
  /**
   * Limits the run to these regions, with the same rules. Default: the command's region if it has one, otherwise all
   * regions.
   */
  regions?: readonly string[] | undefined;
  /** Narrows or labels the sessions, as in `getClientForCommand`. */
  session?: AuthorSession | null | undefined;
  /** Aborts the run: running targets fail with `ABORTED`, and all others are skipped. */
  signal?: AbortSignal | undefined;
  /** The resolver to use. Default: the same as for `getClientForCommand`. */
  resolver?: CredentialResolver | undefined;
  /** The number of accounts to process at a time. Default 10. */
  concurrency?: number | undefined;
  /**
   * The time limit for one target in milliseconds, including its credentials. The wait for its turn does not count.
   * Default: no limit.
   */
  timeout?: number | undefined;
}

/** How a run processes its targets. */
export interface RunOptions extends Pick<PlanOptions, "signal" | "concurrency" | "timeout"> {
  /** The number of regions to process at a time in each account. Default 4. */
  regionConcurrency?: number | undefined;
  /** The number of failed targets to tolerate. If more targets fail, no others are started. Default: no limit. */
  tolerance?: number | undefined;
  /**
   * The number of accounts to run first, one target at a time. The others follow only if at most `tolerance` of these
   * targets failed. Without `tolerance`, none of them may fail. Default 0.
   */
  canary?: number | undefined;
  /**
   * The configuration of all clients that `target.client()` creates. The library sets credentials and region itself.
   */
  clientConfig?: object | undefined;
  /** Called after each outcome. An error that it throws stops the run. */
  onProgress?: ((progress: RunProgress) => unknown) | undefined;
}

/** The options of `forEachAccount`, which makes its own plan. */
export interface ForEachAccountOptions extends PlanOptions, RunOptions {}

const SHARED_OPTIONS = {
  signal: readSignal,
  concurrency: (field, value) => readInteger(field, value, 1, 1000, "accounts") ?? 10,
  timeout: (field, value) => readInteger(field, value, 1, 86_400_000, "milliseconds"),
} satisfies SettingsTable<keyof PlanOptions & keyof RunOptions>;

const PLAN_OPTIONS = {
  accountIds: (field, value) => readAccountIds(field, readLimit(field, value)),
  regions: (field, value) => readRegions(field, readLimit(field, value)),
  session: (_field, value) => value as AuthorSession | null | undefined, // validated with each request
  resolver: (field, value) => {
    assertResolver(field, value);
    return value ?? undefined;
  },
  ...SHARED_OPTIONS,
} satisfies SettingsTable<keyof PlanOptions>;

const RUN_OPTIONS = {
  ...SHARED_OPTIONS,
  regionConcurrency: (field, value) => readInteger(field, value, 1, 100, "regions") ?? 4,
  tolerance: (field, value) => readInteger(field, value, 0, Number.MAX_SAFE_INTEGER, "targets"),
  canary: (field, value) => readInteger(field, value, 0, Number.MAX_SAFE_INTEGER, "accounts") ?? 0,
  clientConfig: (field, value): object | undefined =>
    isGiven(value) ? readRecord(field, value, "an object with the clients' configuration") : undefined,
  onProgress: readCallback<(progress: RunProgress) => unknown>,
} satisfies SettingsTable<keyof RunOptions>;

const readPlan = createSettingsReader(PLAN_OPTIONS);
const readRun = createSettingsReader(RUN_OPTIONS);
const readAll = createSettingsReader({ ...PLAN_OPTIONS, ...RUN_OPTIONS } satisfies SettingsTable<
  keyof ForEachAccountOptions
>);

export type PlanDemand = ReturnType<typeof readPlanOptions>;
export type RunDemand = ReturnType<typeof readRunOptions>;

export const readPlanOptions = (options: unknown) => readPlan("options", options);
export const readRunOptions = (options: unknown) => readRun("options", options);
export const readForEachOptions = (options: unknown) => readAll("options", options);
