import type { CommandOverrides } from "../request/command-overrides.js";
import type { ExactInstance, IntegrationInstance } from "../request/integration-instance.js";
import type { VerifiedIdentity } from "../resolver-types.js";
import { abortedBeforeStart } from "./ask-aws.js";
import { type FanOut, RunOutcomes } from "./fan-out.js";
import { assertWork, runWork } from "./for-each-account.js";
import type { Place, Skipped } from "./outcome.js";
import { type InactiveAccount, type Plan, type PlannedAccount, placeOf, regionsToRun } from "./plan.js";
import { type PlanOptions, type RunOptions, readPlanOptions, readRunOptions } from "./run-options.js";
import { RunScope } from "./run-scope.js";
import type { Target } from "./target.js";

/** A target of a plan. */
export interface PlannedTarget extends Omit<Place, "region"> {
  /** Absent if the account's regions could not be listed. A run lists them again, and reports any error. */
  readonly region?: string;
}

/** What a run will skip. */
export type PlannedSkip = Omit<Skipped, "status" | "milliseconds">;

/** What a run would do. Nothing runs until you call `verify()` or `run()`. */
export interface AccountPlan {
  readonly targets: readonly PlannedTarget[];
  /** Accounts that are not active, and regions that an account does not list. */
  readonly skipped: readonly PlannedSkip[];
  /**
   * Calls AWS in each account to verify which identity the command acts as. Returns one outcome per account, regardless
   * of its regions.
   */
  verify(options?: RunOptions): FanOut<VerifiedIdentity>;
  /** Runs `work` in all targets of the plan. See {@link forEachAccount}. */
  run<T>(work: (target: Target) => T | Promise<T>, options?: RunOptions): FanOut<T>;
}

/**
 * Lists what {@link forEachAccount} would do, so that you can review or verify the plan before the run. For accounts
 * whose regions are `"enabled"`, calls AWS in each account to list them.
 * @throws RolecallError as {@link forEachAccount} does, and `ACCOUNTS_UNAVAILABLE` if the organization's accounts
 * cannot be listed
 */
export async function planAccounts<I extends IntegrationInstance = IntegrationInstance>(
  instance: ExactInstance<I>,
  command?: CommandOverrides | null,
  options?: PlanOptions,
): Promise<AccountPlan> {
  const demand = readPlanOptions(options);
  const scope = new RunScope(instance, command, demand);
  const plan = await askForRegions(scope, await scope.assertCanList(await scope.plan()), demand);
  return {
    targets: plan.accounts.flatMap(toTargets),
    skipped: [...plan.inactive.map(toInactive), ...plan.accounts.flatMap(toUnlisted)],
    verify: (runOptions) => verifyEach(scope, plan, runOptions),
    run: (work, runOptions) => {
      const settings = readRunOptions(runOptions);
      assertWork(work);
      return runWork(scope, () => plan, work, settings);
    },
  };
}

/** Lists the regions that are not known yet. Leaves an account unchanged if its regions cannot be listed. */
async function askForRegions(scope: RunScope, plan: Plan, demand: ReturnType<typeof readPlanOptions>): Promise<Plan> {
  const unknown = plan.accounts.filter(({ regions }) => regions.known === undefined);
  if (unknown.length === 0) return plan;
  const { credentials, regions, runtime } = scope;
  const asked = unknown.map((account) => ({ ...account, regions: { known: [ALL_REGIONS], wanted: undefined } }));
  const settings = { ...readRunOptions({}), ...demand, runtime };
  const fanOut = new RunOutcomes(
    () => ({ accounts: asked, inactive: [] }),
    { credentials, regions, work: regions },
    settings,
  );
  const { done } = await fanOut.collect();
  if (demand.signal?.aborted) throw abortedBeforeStart("the plan", demand.signal);
  const known = new Map(done.map(({ accountId, value }) => [accountId, value]));
  return {
    ...plan,
    accounts: plan.accounts.map((account) => ({
      ...account,
      regions: { ...account.regions, known: account.regions.known ?? known.get(account.id) },
    })),
  };
}

/** Used instead of a region in a turn for the whole account. */
const ALL_REGIONS = "*";

function verifyEach(scope: RunScope, plan: Plan, options: RunOptions | undefined): FanOut<VerifiedIdentity> {
  const accounts = plan.accounts.map((account) => {
    const [region = scope.partitionRegion] = regionsToRun(account) ?? [];
    return { ...account, regions: { known: [region], wanted: undefined } };
  });
  const { verify, regions, runtime } = scope;
  const steps = { credentials: async () => {}, regions, work: verify };
  return new RunOutcomes(() => ({ ...plan, accounts }), steps, { ...readRunOptions(options), runtime });
}

function toTargets(account: PlannedAccount): readonly PlannedTarget[] {
  const place = placeOf(account);
  const regions = regionsToRun(account);
  return regions ? regions.map((region) => ({ ...place, region })) : [place];
}

function toInactive({ account, state }: InactiveAccount): PlannedSkip {
  return { ...placeOf(account), reason: "ACCOUNT_NOT_ACTIVE", accountState: state };
}

function toUnlisted(account: PlannedAccount): readonly PlannedSkip[] {
  const { known, wanted } = account.regions;
  const unlisted = known && wanted ? wanted.filter((region) => !known.includes(region)) : [];
  return unlisted.map((region) => ({ ...placeOf(account), region, reason: "REGION_NOT_LISTED" }));
}
