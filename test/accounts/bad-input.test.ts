import { describe, expect, it } from "vitest";
import { forEachAccount, planAccounts } from "../../src/accounts/index.js";
import { createCredentialResolver, isRolecallError, type RolecallError } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";

const ID = "111122223333";
const ACCOUNTS = { roleName: "integrations/Audit", ids: [ID], regions: ["eu-central-1"] };
/** Nothing answers here: a test that reaches the network fails with a different error. */
const resolver = createCredentialResolver({ runtime: createManualClock() });

interface Given {
  readonly accounts?: unknown;
  readonly instance?: object;
  readonly command?: unknown;
  readonly options?: object;
  readonly work?: unknown;
}

function start({ accounts = ACCOUNTS, instance = {}, command, options = {}, work = async () => 1 }: Given) {
  return forEachAccount({ ...instance, accounts } as object, command as object, work as () => number, {
    resolver,
    ...options,
  });
}

function errorOf(given: Given): RolecallError {
  try {
    start(given);
  } catch (error) {
    if (isRolecallError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const BAD_INPUT: readonly (Given & { what: string; field: string; says: RegExp })[] = [
  { what: "no accounts", accounts: null, field: "instance.accounts", says: /is missing.*roleName and ids/ },
  { what: "accounts that are a list", accounts: [ID], field: "instance.accounts", says: /received an array of 1/ },
  {
    what: "neither ids nor organization",
    accounts: { roleName: "Audit" },
    field: "instance.accounts",
    says: /names no accounts.*Set ids, or organization: \{\}/,
  },
  { what: "no role name", accounts: { ids: [ID] }, field: "instance.accounts.roleName", says: /is missing/ },
  {
    what: "an ARN as the role's name",
    accounts: { ...ACCOUNTS, roleName: `arn:aws:iam::${ID}:role/Audit` },
    field: "instance.accounts.roleName",
    says: /received "arn:aws:iam::111122223333:role\/Audit".*path and name.*Leave out the rest of the ARN/,
  },
  {
    what: "empty ids",
    accounts: { ...ACCOUNTS, ids: [] },
    field: "instance.accounts.ids",
    says: /received an empty array.*at least one/,
  },
  {
    what: "null ids",
    accounts: { ...ACCOUNTS, ids: null },
    field: "instance.accounts.ids",
    says: /is null, which would lift the limit/,
  },
  {
    what: "an id of 11 digits",
    accounts: { ...ACCOUNTS, ids: ["11122223333"] },
    field: "instance.accounts.ids[0]",
    says: /received "11122223333".*12 digits.*leading zeros: write "011122223333"/,
  },
  {
    what: "a number that lost its leading zeros",
    accounts: { ...ACCOUNTS, ids: [ID, 22_223_333] },
    field: "instance.accounts.ids[1]",
    says: /received 22223333.*lost its leading zeros: write "000022223333"/,
  },
  {
    what: "a number of 12 digits",
    accounts: { ...ACCOUNTS, ids: [111_122_223_333] },
    field: "instance.accounts.ids[0]",
    says: /received 111122223333.*Put it in quotes/,
  },
  {
    what: "an id twice",
    accounts: { ...ACCOUNTS, ids: [ID, { id: ID }] },
    field: "instance.accounts.ids[1]",
    says: /is in the list twice/,
  },
  {
    what: "an excluded id",
    accounts: { ...ACCOUNTS, organization: { exclude: [ID] } },
    field: "instance.accounts.ids[0]",
    says: /is also in organization.exclude/,
  },
  {
    what: "no regions",
    accounts: { ...ACCOUNTS, regions: [] },
    field: "instance.accounts.regions",
    says: /received an empty array/,
  },
  {
    what: "no region anywhere",
    accounts: { ...ACCOUNTS, regions: undefined },
    field: "instance.accounts.regions",
    says: /is missing, and nothing else names a region for account 111122223333.*AWS_REGION/,
  },
  {
    what: "regions that are neither a list nor enabled",
    accounts: { ...ACCOUNTS, regions: "all" },
    field: "instance.accounts.regions",
    says: /received "all".*"enabled", or a list/,
  },
  {
    what: "an unknown key of the accounts",
    accounts: { ...ACCOUNTS, rolename: "Audit" },
    field: "instance.accounts.rolename",
    says: /is not a setting, but looks like roleName/,
  },
  {
    what: "an unknown key of an account",
    accounts: { ...ACCOUNTS, ids: [{ id: ID, colour: "red" }] },
    field: "instance.accounts.ids[0].colour",
    says: /is not a setting.*Known settings: id, roleName, externalId, regions/,
  },
  {
    what: "an unknown key of the organization",
    accounts: { ...ACCOUNTS, organization: { ous: [] } },
    field: "instance.accounts.organization.ous",
    says: /is not a setting/,
  },
  {
    what: "null paths",
    accounts: { ...ACCOUNTS, organization: { paths: null } },
    field: "instance.accounts.organization.paths",
    says: /is null, which would lift the limit/,
  },
  {
    what: "null as excluded accounts",
    accounts: { ...ACCOUNTS, organization: { exclude: null } },
    field: "instance.accounts.organization.exclude",
    says: /is null, which would lift the limit/,
  },
  { what: "work that is not a function", work: "work", field: "work", says: /a function that takes a target/ },
  {
    what: "empty accountIds",
    options: { accountIds: [] },
    field: "options.accountIds",
    says: /received an empty array/,
  },
  { what: "null accountIds", options: { accountIds: null }, field: "options.accountIds", says: /is null/ },
  {
    what: "an account that the instance does not list",
    options: { accountIds: [ID, "444455556666"] },
    field: "options.accountIds[1]",
    says: /is 444455556666, which the instance does not list/,
  },
  { what: "empty regions", options: { regions: [] }, field: "options.regions", says: /received an empty array/ },
  { what: "null regions", options: { regions: null }, field: "options.regions", says: /is null/ },
  {
    what: "a region that no account lists",
    options: { regions: ["us-east-1"] },
    field: "options.regions",
    says: /names us-east-1, which the instance does not list/,
  },
  {
    what: "both region settings",
    command: { region: "eu-central-1" },
    options: { regions: ["eu-central-1"] },
    field: "options.regions",
    says: /is set together with command.region/,
  },
  {
    what: "a role in the command",
    command: { roleArn: `arn:aws:iam::${ID}:role/Admin` },
    field: "command.roleArn",
    says: /names a single role, but the run uses one role per account/,
  },
  {
    what: "an unknown option",
    options: { concurency: 3 },
    field: "options.concurency",
    says: /looks like concurrency/,
  },
  { what: "no concurrency", options: { concurrency: 0 }, field: "options.concurrency", says: /received 0.*1 to 1000/ },
  {
    what: "a negative tolerance",
    options: { tolerance: -1 },
    field: "options.tolerance",
    says: /received -1.*whole number of targets/,
  },
  { what: "a fraction as canary", options: { canary: 0.5 }, field: "options.canary", says: /received 0.5/ },
  { what: "a timeout in words", options: { timeout: "10s" }, field: "options.timeout", says: /received "10s"/ },
  { what: "a signal that is not one", options: { signal: {} }, field: "options.signal", says: /an AbortSignal/ },
  { what: "onProgress that is text", options: { onProgress: "x" }, field: "options.onProgress", says: /a function/ },
];

describe("an error before anything starts", () => {
  it.each(BAD_INPUT)("names $field for $what", ({ field, says, ...given }) => {
    const error = errorOf(given);
    expect(error).toMatchObject({ code: "INVALID_REQUEST", field });
    expect(error.message).toMatch(says);
    expect(error.message.startsWith(field)).toBe(true);
  });

  it("is ROLE_NOT_ALLOWED for one role that is not allowed, and names its account's field", () => {
    const other = { id: "444455556666", roleName: "Admin" };
    const error = errorOf({
      instance: { allowedRoles: ["arn:aws:iam::*:role/integrations/*"] },
      accounts: { ...ACCOUNTS, ids: [ID, other] },
    });
    expect(error).toMatchObject({
      code: "ROLE_NOT_ALLOWED",
      field: "instance.accounts.ids[1]",
      roleArn: "arn:aws:iam::444455556666:role/Admin",
    });
  });

  it.each([
    ["the accounts", { accounts: { ...ACCOUNTS, externalId: "other" } }, "instance.accounts.externalId"],
    [
      "one account",
      { accounts: { ...ACCOUNTS, ids: [{ id: ID, externalId: "other" }] } },
      "instance.accounts.ids[0].externalId",
    ],
  ])("names the external id of %s if allowedRoles binds another one", (_whose, given, field) => {
    const allowedRoles = [{ roleArn: `arn:aws:iam::${ID}:role/integrations/Audit`, externalId: "acme" }];
    expect(errorOf({ ...given, instance: { allowedRoles } })).toMatchObject({ code: "INVALID_REQUEST", field });
  });

  it("is the same error from planAccounts", async () => {
    const plan = planAccounts({ accounts: { ...ACCOUNTS, ids: [] } }, {}, { resolver });
    await expect(plan).rejects.toMatchObject({ code: "INVALID_REQUEST", field: "instance.accounts.ids" });
  });

  it("is thrown by a plan's run and verify, too", async () => {
    const plan = await planAccounts({ accounts: ACCOUNTS }, {}, { resolver });
    expect(() => plan.run(async () => 1, { canary: -1 })).toThrow(/^options.canary is invalid/);
    expect(() => plan.run("work" as never)).toThrow(/^work is invalid/);
    expect(() => plan.verify({ concurrency: 0 })).toThrow(/^options.concurrency is invalid/);
  });
});
