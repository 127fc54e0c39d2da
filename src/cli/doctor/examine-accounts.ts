import { actingIn, listingAs } from "../../accounts/derived-instances.js";
import { type Plan, type PlannedAccount, placeOf } from "../../accounts/plan.js";
import { readPlanOptions } from "../../accounts/run-options.js";
import { RunScope } from "../../accounts/run-scope.js";
import { inParallel } from "../../accounts/run-targets.js";
import type { Accounts } from "../../request/accounts.js";
import type { CommandOverrides } from "../../request/command-overrides.js";
import { type IntegrationInstance, readInstance } from "../../request/integration-instance.js";
import { ROLE_SESSION_DURATION } from "../../request/limits.js";
import { ACCOUNT_SETTINGS } from "./denied-role.js";
import { doctorName, examineRole, readSettings, type Tools } from "./examine-role.js";
import {
  type AccountsSeen,
  isAssumable,
  type Observations,
  type Outcome,
  type RoleSeen,
  toOutcome,
} from "./observations.js";

/** The number of accounts to examine at a time. */
const CONCURRENCY = 10;

/**
 * Lists the accounts as a multi-account run would, and assumes the role of each.
 * @param mayAssume whether there is an identity to assume them with
 */
export async function examineAccounts(
  tools: Tools,
  instance: IntegrationInstance,
  mayAssume: boolean,
): Promise<Pick<Observations, "roles" | "accounts">> {
  const accounts = readInstance(instance).accounts as Accounts; // the command checks that they are set
  const asksOrganization = accounts.organization !== undefined;
  const lister = await settingsOfLister(tools, instance, accounts);
  const seen = { asksOrganization, lister };
  if (asksOrganization && !mayAssume) return { roles: [], accounts: { ...seen, inactive: undefined } };
  const plan = await toOutcome((async () => scopeOf(tools, instance, {}).plan())());
  if (plan.error) return { roles: [], accounts: { ...seen, inactive: plan } };
  const roles = await examineEach(tools, instance, accounts, plan.value.accounts, mayAssume);
  return { roles, accounts: { ...seen, inactive: inactiveIn(plan.value) } };
}

function scopeOf({ resolver }: Tools, instance: IntegrationInstance, command: CommandOverrides): RunScope {
  return new RunScope(instance, command, readPlanOptions({ resolver }));
}

async function settingsOfLister(
  { runtime }: Tools,
  instance: IntegrationInstance,
  { organization }: Accounts,
): Promise<AccountsSeen["lister"]> {
  const role = organization?.roleArn;
  if (!role) return undefined;
  const own = listingAs(role, instance.region ?? "", instance);
  return { roleArn: role.arn, settings: await toOutcome(readSettings(own, role.arn, runtime)) };
}

function inactiveIn({ inactive }: Plan): AccountsSeen["inactive"] {
  return { value: inactive.map(({ account, state }) => ({ ...nameOf(account), state })) };
}

/** The account's id and name. */
function nameOf(account: PlannedAccount) {
  const { roleArn: _, ...named } = placeOf(account);
  return named;
}

async function examineEach(
  tools: Tools,
  instance: IntegrationInstance,
  accounts: Accounts,
  planned: readonly PlannedAccount[],
  mayAssume: boolean,
): Promise<RoleSeen[]> {
  const roles: RoleSeen[] = [];
  const progress = { done: 0, failed: 0, total: planned.length };
  await inParallel(planned.entries(), CONCURRENCY, async ([index, account]) => {
    const seen = await examineRole(tools, actingIn(account, instance), account.roleArn, mayAssume);
    const regions =
      isAssumable(seen) && !account.regions.known ? await askForRegions(tools, instance, account, seen) : undefined;
    roles[index] = { ...namedInAccounts(seen, accounts, account), account: nameOf(account), regions };
    progress[isAssumable(seen) ? "done" : "failed"]++;
    tools.onProgress?.(progress);
  });
  return roles;
}

/** Reports the external id under its name in the instance's settings. */
function namedInAccounts(seen: RoleSeen, { ids }: Accounts, { id, externalId }: PlannedAccount): RoleSeen {
  const settings = seen.settings.value;
  if (externalId === undefined || !settings?.externalId) return seen;
  const isOwn = ids?.some((entry) => entry.id === id && entry.externalId !== undefined);
  const from = `${ACCOUNT_SETTINGS}${isOwn ? ".ids[]" : ""}.externalId`;
  return { ...seen, settings: { value: { ...settings, externalId: { value: true, from } } } };
}

/** Lists the regions with the session that the doctor already has. */
function askForRegions(
  tools: Tools,
  instance: IntegrationInstance,
  account: PlannedAccount,
  { assumed }: RoleSeen,
): Promise<Outcome<true>> {
  const name = assumed?.value ? { roleSessionName: doctorName(tools.runtime) } : {};
  const scope = scopeOf(tools, instance, { ...name, roleSessionDuration: ROLE_SESSION_DURATION.min });
  const turn = { account, signal: new AbortController().signal, begin: () => {} };
  return toOutcome(scope.regions(turn).then(() => true as const));
}
