import { type AccountEntry, type Accounts, type RegionChoice, toRoleArnIn } from "../request/accounts.js";
import { type AllowedRoleEntry, refuseUnlessAllowed } from "../request/allowed-roles.js";
import { assertInPartition } from "../request/regions.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import type { Chosen } from "../request/settings-table.js";
import { conflict } from "../request/validation.js";

/** An account as AWS Organizations lists it. */
export interface ListedAccount {
  readonly id: string;
  readonly name: string | undefined;
  /** Such as `ACTIVE`. */
  readonly state: string;
}

/** One account of a plan. */
export interface PlannedAccount {
  readonly id: string;
  readonly name: string | undefined;
  readonly roleArn: string;
  /** `undefined` to use the instance's external id. */
  readonly externalId: string | undefined;
  readonly regions: PlannedRegions;
}

export interface PlannedRegions {
  /** The account's regions; `undefined` until AWS has listed them. */
  readonly known: readonly string[] | undefined;
  /** The regions that the caller asks for; `undefined` for all. */
  readonly wanted: readonly string[] | undefined;
}

/** The regions to run in; `undefined` if they are not known yet. */
export function regionsToRun({ regions: { known, wanted } }: PlannedAccount): readonly string[] | undefined {
  return known && wanted ? wanted.filter((region) => known.includes(region)) : known;
}

/** The account's fields in outcomes and plans. */
export function placeOf({ id, name, roleArn }: PlannedAccount) {
  return { accountId: id, ...(name !== undefined && { accountName: name }), roleArn };
}

/** An account that a run skips. */
export interface InactiveAccount {
  readonly account: PlannedAccount;
  readonly state: string;
}

export interface Plan {
  readonly accounts: readonly PlannedAccount[];
  readonly inactive: readonly InactiveAccount[];
}

/** The validated input for a plan. */
export interface PlanInput {
  readonly accounts: Accounts;
  readonly allowedRoles: readonly AllowedRoleEntry[] | undefined;
  readonly partition: string;
  /** The accounts of the organization; `undefined` without one. */
  readonly listed: readonly ListedAccount[] | undefined;
  /** Narrows the accounts. */
  readonly accountIds: readonly string[] | undefined;
  /** Narrows the regions. */
  readonly regions: Chosen<readonly string[]> | undefined;
  /** The region for accounts without configured regions. */
  readonly defaultRegion: Chosen<string> | undefined;
}

const FIELD = "instance.accounts";

/**
 * Decides which accounts and regions a run covers, in the order in which they are listed. A pure function.
 * @throws RolecallError `INVALID_REQUEST`, or `ROLE_NOT_ALLOWED` if any of the roles is not allowed
 */
export function planTargets(input: PlanInput): Plan {
  const { accounts, accountIds, regions } = input;
  const candidates = mergeAccounts(accounts.ids, input.listed);
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  for (const [index, id] of (accountIds ?? []).entries()) {
    if (byId.has(id)) continue;
    const hint = `Ask an administrator to add it to ${FIELD}, or leave it out.`;
    throw conflict(`options.accountIds[${index}]`, `is ${id}, which the instance does not list`, hint);
  }
  const wanted = accountIds ? new Set(accountIds) : undefined;
  const chosen = wanted ? candidates.filter(({ id }) => wanted.has(id)) : candidates;
  const planned = chosen.map((candidate) => ({ candidate, account: planAccount(candidate, input) }));
  if (regions)
    assertListedSomewhere(
      regions,
      planned.map(({ account }) => account),
    );
  const isActive = ({ candidate }: (typeof planned)[number]) => candidate.state === "ACTIVE";
  return {
    accounts: planned.filter(isActive).map(({ account }) => account),
    inactive: planned
      .filter((each) => !isActive(each))
      .map(({ candidate, account }) => ({ account, state: candidate.state })),
  };
}

interface Candidate extends ListedAccount {
  readonly entry: AccountEntry | undefined;
  /** The path of the setting that names the account. */
  readonly field: string;
}

/** Returns the organization's accounts in its order, then the accounts that only the settings list. */
function mergeAccounts(
  ids: readonly AccountEntry[] | undefined,
  listed: readonly ListedAccount[] | undefined,
): readonly Candidate[] {
  const entries = new Map((ids ?? []).map((entry, index) => [entry.id, { entry, field: `${FIELD}.ids[${index}]` }]));
  const ofOrganization = (listed ?? []).map((account) => {
    const named = entries.get(account.id);
    entries.delete(account.id);
    return { ...account, entry: named?.entry, field: named?.field ?? `${FIELD}.organization` };
  });
  const others = [...entries].map(([id, named]) => ({ id, name: undefined, state: "ACTIVE", ...named }));
  return [...ofOrganization, ...others];
}

function planAccount({ id, name, entry, field }: Candidate, input: PlanInput): PlannedAccount {
  const { accounts, allowedRoles, partition } = input;
  const roleArn = toRoleArnIn(id, partition, entry?.roleName ?? accounts.roleName);
  const role = readRoleArn(field, roleArn) as RoleArn;
  const allowedBy = refuseUnlessAllowed(allowedRoles, role, field);
  const externalId = entry?.externalId ?? accounts.externalId;
  if (allowedBy?.externalId !== undefined && externalId !== undefined && externalId !== allowedBy.externalId) {
    const owner = entry?.externalId === undefined ? FIELD : field;
    const hint = "Set the external id in one of the two places.";
    throw conflict(
      `${owner}.externalId`,
      "differs from the external id that allowedRoles binds to this role",
      hint,
      roleArn,
    );
  }
  const regions = planRegions(id, entry?.regions ?? accounts.regions, input);
  for (const region of regions.known ?? []) assertInPartition({ from: `${field}.regions`, value: region }, role);
  return { id, name, roleArn, externalId, regions };
}

function planRegions(
  id: string,
  choice: RegionChoice | undefined,
  { regions, defaultRegion }: PlanInput,
): PlannedRegions {
  const wanted = regions?.value;
  if (choice === "enabled") return { known: undefined, wanted };
  if (choice) return { known: choice, wanted };
  // Without configured regions, use the caller's regions, otherwise the default region.
  if (wanted) return { known: wanted, wanted };
  if (defaultRegion) return { known: [defaultRegion.value], wanted };
  const hint = `Set ${FIELD}.regions, the region of the instance or the command, or AWS_REGION.`;
  throw conflict(`${FIELD}.regions`, `is missing, and nothing else names a region for account ${id}`, hint);
}

/** A region that no account lists is an error. If only some accounts list it, the run skips it in the others. */
function assertListedSomewhere({ from, value }: Chosen<readonly string[]>, accounts: readonly PlannedAccount[]): void {
  const stranger = value.find((region) => !accounts.some(({ regions: { known } }) => known?.includes(region) ?? true));
  if (stranger === undefined) return;
  const hint = `Add it to ${FIELD}.regions, or leave it out.`;
  throw conflict(from, `names ${stranger}, which the instance does not list for any of the accounts`, hint);
}
