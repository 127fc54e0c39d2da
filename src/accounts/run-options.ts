import { readCallback, readSignal } from "../call-options.js";
import { assertResolver } from "../get-client-for-command.js";
import { readAccountIds, readRegions } from "../request/accounts.js";
import type { AuthorSession } from "../request/author-session.js";
import { createSettingsReader, type SettingsTable } from "../request/settings-table.js";
import { isGiven, readInteger, readLimit, readRecord } from "../request/validation.js";
import type { CredentialResolver } from "../resolver-types.js";
import type { RunProgress } from "./run-targets.js";

/** Which of the instance's accounts and regions, and who asks. */
export interface PlanOptions {
  /** Only these accounts. One that the instance does not list is an error, and so is `[]`. Default: all of them. */
  accountIds?: readonly string[] | undefined;
  /** Only these regions, in the same way. Default: the command's region if it has one, else all of them. */
  regions?: readonly string[] | undefined;
  /** Narrows or labels the sessions, as in `getClientForCommand`. */
  session?: AuthorSession | null | undefined;
  /** Ends the run: what is at work fails with `ABORTED`, and all else is skipped. */
  signal?: AbortSignal | undefined;
  /** The resolver to use. Default: the one of `getClientForCommand`. */
  resolver?: CredentialResolver | undefined;
  /** Accounts at a time. Default 10. */
  concurrency?: number | undefined;
  /** Milliseconds for one target, its credentials included. It does not count while the target waits for its turn. Default: none. */
  timeout?: number | undefined;
}

/** How a run goes about its targets. */
export interface RunOptions extends Pick<PlanOptions, "signal" | "concurrency" | "timeout"> {
  /** Regions of one account at a time. Default 4. */
  regionConcurrency?: number | undefined;
  /** Once more targets than this have failed, nothing more is started. Default: everything is tried. */
  tolerance?: number | undefined;
  /**
   * So many accounts come first, one target at a time. The others follow only if no more than `tolerance` targets failed;
   * if it is not set, none. Default 0.
   */
  canary?: number | undefined;
  /** The configuration of all clients that `target.client()` makes. Identity and region are not part of it. */
  clientConfig?: object | undefined;
  /** Called after each outcome. An error that it throws ends the run. */
  onProgress?: ((progress: RunProgress) => unknown) | undefined;
}

/** The options of a run that makes its own plan. */
export interface ForEachAccountOptions extends PlanOptions, RunOptions {}

const SHARED_OPTIONS = {
  signal: readSignal,
  concurrency: (field, value) => readInteger(field, value, 1, 1000, "accounts") ?? 10,
  timeout: (field, value) => readInteger(field, value, 1, 86_400_000, "milliseconds"),
} satisfies SettingsTable<keyof PlanOptions & keyof RunOptions>;

const PLAN_OPTIONS = {
  accountIds: (field, value) => readAccountIds(field, readLimit(field, value)),
  regions: (field, value) => readRegions(field, readLimit(field, value)),
  session: (_field, value) => value as AuthorSession | null | undefined, // read with each request
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
