import type { LocalAccount, LocalAccountState, LocalMemberRole, LocalOrganization } from "./local-organization.js";
import { type KnownRole, readLocalRole } from "./local-role.js";
import { PLATFORM_ACCOUNT } from "./platform-hosts.js";
import { readItems, readOptions, shown } from "./read-options.js";
import { parseRoleArn } from "./role-identity.js";

const ACCOUNT_ID = /^\d{12}$/;
const ORGANIZATION_ID = /^o-[a-z0-9]{10,32}$/;
const PATH = /^o-[a-z0-9]{10,32}\/r-[0-9a-z]{4,32}\/(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}\/)*$/;
const ROOT_ID = "r-examplerootid111";
const STATES = ["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"] as const;
const USABLE_STATES: readonly unknown[] = ["ACTIVE", "PENDING_CLOSURE"] satisfies LocalAccountState[];
const STATE_FIELDS = ["State", "Status"] as const;

/**
 * A parsed {@link LocalOrganization}. Accounts stay in the form that the test passed (an id or an object) until they
 * are read.
 */
export class Organization {
  readonly id: string;
  readonly managementAccountId: string;
  readonly stateFields: readonly (typeof STATE_FIELDS)[number][];
  readonly pageSize: number | undefined;
  readonly emptyPages: number;
  readonly #accounts: readonly (string | LocalAccount)[];
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #administrators: ReadonlySet<string>;
  readonly #memberRoles: ReadonlyMap<string, KnownRole>;

  /** @throws TypeError or RangeError naming the invalid option */
  constructor(given: LocalOrganization) {
    const options = readOptions("organization", given);
    const { id = "o-exampleorgid", managementAccountId = PLATFORM_ACCOUNT, delegatedAdministrators = [] } = options;
    if (!matches(ORGANIZATION_ID, id)) {
      throw new TypeError(`organization.id must be "o-" and 10 to 32 lowercase letters or digits, got ${shown(id)}`);
    }
    this.id = id;
    this.managementAccountId = readAccountId("organization.managementAccountId", managementAccountId);
    const listed = readItems("organization.accounts", options.accounts).map((account, index) =>
      readAccount(`organization.accounts[${index}]`, account, id),
    );
    const hasManagement = listed.some((account) => idOf(account) === managementAccountId);
    this.#accounts = hasManagement ? listed : [managementAccountId, ...listed];
    this.#indexes = indexAccounts(this.#accounts);
    const administrators = readItems("organization.delegatedAdministrators", delegatedAdministrators);
    const stranger = administrators.find((accountId) => !this.#indexes.has(accountId));
    if (stranger !== undefined) {
      throw new TypeError(
        `organization.delegatedAdministrators must be in organization.accounts, got ${shown(stranger)}`,
      );
    }
    this.#administrators = new Set([managementAccountId, ...administrators]);
    this.#memberRoles = new Map(readItems("organization.memberRoles", options.memberRoles ?? []).map(readMemberRole));
    this.stateFields = readItems("organization.stateFields", options.stateFields ?? STATE_FIELDS);
    if (!this.stateFields.every((field) => STATE_FIELDS.includes(field))) {
      throw new TypeError(`organization.stateFields must list ${STATE_FIELDS.join(" or ")}`);
    }
    this.pageSize =
      options.pageSize === undefined ? undefined : readCount("organization.pageSize", options.pageSize, 1);
    this.emptyPages = readCount("organization.emptyPages", options.emptyPages ?? 0, 0);
  }

  /** The number of accounts, including the management account. */
  get size(): number {
    return this.#accounts.length;
  }

  /** The accounts from one position up to another, in the order of ListAccounts. */
  slice(from: number, to: number): readonly LocalAccount[] {
    return this.#accounts.slice(from, to).map(toObject);
  }

  find(accountId: string): LocalAccount | undefined {
    const account = this.#accounts[this.#indexes.get(accountId) ?? -1];
    return account === undefined ? undefined : toObject(account);
  }

  /** Whether the account is the management account or a delegated administrator. */
  isAdministrator(accountId: string): boolean {
    return this.#administrators.has(accountId);
  }

  /** The path of the root or OU that the account is in. */
  parentPath({ path = `${this.id}/${ROOT_ID}/` }: LocalAccount): string {
    return path;
  }

  /** Whether principals can use an account. Accounts outside the organization are always usable. */
  isUsable(accountId: string): boolean {
    return USABLE_STATES.includes(this.find(accountId)?.state ?? "ACTIVE");
  }

  /** One of the roles that exist in every member account. */
  findMemberRole(accountId: string, roleName: string): KnownRole | undefined {
    const account = this.find(accountId);
    const hasRoles = account?.memberRoles ?? accountId !== this.managementAccountId;
    return account !== undefined && hasRoles ? this.#memberRoles.get(roleName) : undefined;
  }
}

function readAccount(option: string, account: string | LocalAccount, organizationId: string): string | LocalAccount {
  if (typeof account !== "object" || account === null) return readAccountId(option, account);
  const { id, name, state, path, regions, memberRoles } = account;
  readAccountId(`${option}.id`, id);
  if (name !== undefined && typeof name !== "string") {
    throw new TypeError(`${option}.name must be a string, got ${shown(name)}`);
  }
  if (state !== undefined && !STATES.includes(state)) {
    throw new TypeError(`${option}.state must be one of ${STATES.join(", ")}, got ${shown(state)}`);
  }
  if (path !== undefined && !(matches(PATH, path) && path.startsWith(`${organizationId}/`))) {
    throw new TypeError(
      `${option}.path must be the path of a root or OU, such as "${organizationId}/${ROOT_ID}/", got ${shown(path)}`,
    );
  }
  if (memberRoles !== undefined && typeof memberRoles !== "boolean") {
    throw new TypeError(`${option}.memberRoles must be true or false, got ${shown(memberRoles)}`);
  }
  return { ...account, ...(regions !== undefined && { regions: readItems(`${option}.regions`, regions) }) };
}

function readAccountId(option: string, id: string): string {
  if (matches(ACCOUNT_ID, id)) return id;
  throw new TypeError(`${option} must be a string of 12 digits, got ${shown(id)}`);
}

function readMemberRole(role: LocalMemberRole, index: number): [string, KnownRole] {
  const option = `organization.memberRoles[${index}]`;
  const { roleName, ...rest } = readOptions(option, role);
  const roleArn = typeof roleName === "string" ? `arn:aws:iam::${PLATFORM_ACCOUNT}:role/${roleName}` : "";
  if (parseRoleArn(roleArn) === undefined) {
    const allowed = 'the path and name of a role, such as "integrations/Audit"';
    throw new TypeError(`${option}.roleName must be ${allowed}, got ${shown(roleName)}`);
  }
  return [roleName, readLocalRole({ ...rest, roleArn })];
}

function readCount(option: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new RangeError(`${option} must be a whole number of at least ${least}, got ${shown(value)}`);
}

function indexAccounts(accounts: readonly (string | LocalAccount)[]): ReadonlyMap<string, number> {
  const indexes = new Map(accounts.map((account, index) => [idOf(account), index]));
  if (indexes.size === accounts.length) return indexes;
  const repeated = accounts.find((account, index) => indexes.get(idOf(account)) !== index);
  throw new TypeError(`organization.accounts lists ${idOf(repeated as LocalAccount)} more than once`);
}

function idOf(account: string | LocalAccount): string {
  return typeof account === "string" ? account : account.id;
}

function toObject(account: string | LocalAccount): LocalAccount {
  return typeof account === "string" ? { id: account } : account;
}

function matches(pattern: RegExp, text: unknown): boolean {
  return typeof text === "string" && pattern.test(text);
}
