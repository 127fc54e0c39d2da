import { readExternalId } from "./limits.js";
import { findPartition, readRegion } from "./regions.js";
import { type RoleArn, readRoleArn } from "./role-arn.js";
import { createSettingsReader, type ReadByTable, type SettingsTable } from "./settings-table.js";
import { conflict, invalid, invalidText, isGiven, readLimit, readList } from "./validation.js";

/** The accounts to act in, and the role to assume in each. Only `aws-rolecall/accounts` uses these settings. */
export interface AccountsSettings {
  /** The role's path and name in every account, such as `integrations/Audit`. Not an ARN. */
  roleName: string;
  /** The external id that these roles require. Default: the instance's `externalId`. */
  externalId?: string | undefined;
  /**
   * Account ids (12 digits, in quotes), or objects with settings for one account. With `organization`, they add
   * accounts, or override settings for accounts of the organization.
   */
  ids?: readonly (string | AccountSettings)[] | undefined;
  /** Gets the accounts from AWS Organizations. */
  organization?: OrganizationSettings | null | undefined;
  /**
   * A list of regions, or `"enabled"` for the regions that are enabled in each account. To list those, each account's
   * role calls `account:ListRegions`. Default: the region of the command, otherwise of the instance, otherwise of the
   * environment.
   */
  regions?: "enabled" | readonly string[] | null | undefined;
}

/** Settings for one account. They override the settings in {@link AccountsSettings}. */
export interface AccountSettings {
  /** 12 digits. */
  id: string;
  roleName?: string | null | undefined;
  externalId?: string | undefined;
  regions?: "enabled" | readonly string[] | null | undefined;
}

/** Which accounts of an organization to act in. Default: all of them. */
export interface OrganizationSettings {
  /**
   * The role that lists the accounts (`organizations:ListAccounts`), in the management account or a delegated
   * administrator. `allowedRoles` need not contain it. Default: the base identity lists them.
   */
  roleArn?: string | null | undefined;
  /**
   * The paths of roots and OUs, in the format of `aws:PrincipalOrgPaths`. `o-…/r-…/ou-…/` selects the accounts directly
   * in an OU; `o-…/r-…/ou-…/*` also selects the accounts below it.
   */
  paths?: readonly string[] | undefined;
  /** Ids of the accounts to leave out (12 digits, in quotes). */
  exclude?: readonly string[] | undefined;
}

/** `"enabled"` for the regions that are enabled in the account. */
export type RegionChoice = "enabled" | readonly string[];

/** A validated entry of `ids`. */
export interface AccountEntry {
  readonly id: string;
  readonly roleName: string | undefined;
  readonly externalId: string | undefined;
  readonly regions: RegionChoice | undefined;
}

const ACCOUNT_ID = /^\d{12}$/;
/** A path has at most 512 characters, a name 64: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html */
const ROLE_NAME = /^(?!\/)(?:[!-)+-9;->@-~]{1,510}\/)?[\w+=,.@-]{1,64}$/;
const ORGANIZATION_PATH = /^o-[a-z0-9]{10,32}\/(?:r-[0-9a-z]{4,32}\/(?:ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}\/)*)?\*?$/;

const ACCOUNT_SETTINGS = {
  id: readAccountId,
  roleName: readRoleName,
  externalId: readExternalId,
  regions: readRegionChoice,
} satisfies SettingsTable<keyof AccountSettings>;

const ORGANIZATION_SETTINGS = {
  roleArn: (field, value): RoleArn | undefined => readRoleArn(field, value),
  paths: (field, value) => readItems(field, readLimit(field, value), "paths of roots and OUs", readPath),
  exclude: (field, value) => readAccountIds(field, readLimit(field, value)),
} satisfies SettingsTable<keyof OrganizationSettings>;

const readAccountSettings = createSettingsReader(ACCOUNT_SETTINGS);
const readOrganizationSettings = createSettingsReader(ORGANIZATION_SETTINGS);

const ACCOUNTS_SETTINGS = {
  roleName: readRoleName,
  externalId: readExternalId,
  ids: (field, value) => readEntries(field, readLimit(field, value)),
  organization: (field, value) => (isGiven(value) ? readOrganizationSettings(field, value) : undefined),
  regions: readRegionChoice,
} satisfies SettingsTable<keyof AccountsSettings>;

const readSettings = createSettingsReader(ACCOUNTS_SETTINGS);

export type OrganizationScope = ReadByTable<typeof ORGANIZATION_SETTINGS>;

/** Validated {@link AccountsSettings}. */
export interface Accounts extends ReadByTable<typeof ACCOUNTS_SETTINGS> {
  readonly roleName: string;
}

export function readAccounts(field: string, value: unknown): Accounts | undefined {
  if (!isGiven(value)) return undefined;
  const settings = readSettings(field, value);
  const { roleName, ids, organization } = settings;
  if (roleName === undefined) {
    throw conflict(`${field}.roleName`, "is missing", "Set the path and name of the role in each account.");
  }
  if (!ids && !organization) {
    throw conflict(field, "names no accounts", "Set ids, or organization: {} for all accounts of the organization.");
  }
  const contradiction = ids?.findIndex(({ id }) => organization?.exclude?.includes(id)) ?? -1;
  if (contradiction >= 0) {
    const hint = "Leave the account out of ids, or out of organization.exclude.";
    throw conflict(`${field}.ids[${contradiction}]`, "is also in organization.exclude", hint);
  }
  return { ...settings, roleName };
}

/**
 * The partition of the accounts' roles. The settings contain only the names of these roles, not their ARNs.
 * @param regions `wanted`: the regions of the run; `fallback`: the region to use if no setting lists any
 * @returns `undefined` if no setting determines the partition
 */
export function findAccountsPartition(
  { organization, regions: listed, ids = [] }: Accounts,
  sourceRole: { readonly role: RoleArn } | undefined,
  regions: { readonly wanted?: readonly string[] | undefined; readonly fallback: string | undefined },
): string | undefined {
  const named = sourceRole?.role ?? organization?.roleArn;
  if (named) return named.partition;
  const lists = [regions.wanted, listed, ...ids.map((entry) => entry.regions)];
  const [first = regions.fallback] = lists.flatMap((list) => (list === "enabled" ? [] : (list ?? [])));
  return first === undefined ? undefined : findPartition(first);
}

/** @param account an account id, or `*` */
export function toRoleArnIn(account: string, partition: string, roleName: string): string {
  return `arn:${partition}:iam::${account}:role/${roleName}`;
}

/** Account ids stay strings: some begin with zeros. */
export function readAccountId(field: string, value: unknown): string {
  if (typeof value === "string" && ACCOUNT_ID.test(value)) return value;
  const digits = typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? String(value) : value;
  const isShort = typeof digits === "string" && /^\d{1,11}$/.test(digits);
  const isNumber = typeof value === "number";
  const why = isShort
    ? `. Perhaps it lost its leading zeros: write "${digits.padStart(12, "0")}"`
    : isNumber
      ? ". Put it in quotes: as a number, an id can lose its leading zeros"
      : "";
  throw invalid(field, value, `an account id, 12 digits${typeof value === "string" ? "" : " in quotes"}${why}`, {
    sensitive: !isNumber && typeof value !== "string",
  });
}

export function readAccountIds(field: string, value: unknown): readonly string[] | undefined {
  return readItems(field, value, "account ids", readAccountId);
}

export function readRegions(field: string, value: unknown): readonly string[] | undefined {
  return readItems(field, value, "regions", readOneRegion);
}

function readOneRegion(field: string, value: unknown): string {
  const region = readRegion(field, value);
  if (region === undefined) throw invalid(field, value, "an AWS region such as eu-central-1");
  return region;
}

function readRegionChoice(field: string, value: unknown): RegionChoice | undefined {
  if (value === "enabled") return value;
  if (typeof value === "string") throw invalidText(field, value, '"enabled", or a list of regions');
  return readRegions(field, value);
}

function readPath(field: string, value: unknown): string {
  if (typeof value === "string" && ORGANIZATION_PATH.test(value)) return value;
  const allowed = "the path of a root or OU, such as o-a1b2c3d4e5/r-f6g7/ou-f6g7-h1i2j3k4/, optionally followed by *";
  throw invalidText(field, value, allowed);
}

export function readRoleName(field: string, value: unknown): string | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value === "string" && ROLE_NAME.test(value)) return value;
  const role = typeof value === "string" ? /^arn:[^:]*:iam::[^:]*:role\/(.+)$/.exec(value)?.[1] : undefined;
  const allowed = "the path and name of a role, such as integrations/Audit";
  const hint = role ? `. Leave out the rest of the ARN: it differs from account to account` : "";
  throw invalidText(field, value, `${allowed}${hint}`);
}

function readEntries(field: string, value: unknown): readonly AccountEntry[] | undefined {
  return readItems(field, value, "account ids, or { id, roleName, externalId, regions }", readEntry, ({ id }) => id);
}

function readEntry(field: string, value: unknown): AccountEntry {
  if (typeof value !== "object" || value === null) {
    return { id: readAccountId(field, value), roleName: undefined, externalId: undefined, regions: undefined };
  }
  return readAccountSettings(field, value);
}

/** Refuses duplicates, and an empty list, which could mean either none or all. */
function readItems<T>(
  field: string,
  value: unknown,
  of: string,
  readItem: (field: string, value: unknown) => T,
  nameOf: (item: T) => unknown = (item) => item,
): readonly T[] | undefined {
  const list = readList(field, value, of);
  if (!list) return undefined;
  if (list.length === 0) throw invalid(field, value, `a list of at least one of: ${of}`);
  const items = list.map((item, index) => readItem(`${field}[${index}]`, item));
  const names = new Set<unknown>();
  for (const [index, item] of items.entries()) {
    if (names.has(nameOf(item))) throw conflict(`${field}[${index}]`, "is in the list twice", "List it once.");
    names.add(nameOf(item));
  }
  return items;
}
