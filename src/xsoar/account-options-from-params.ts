import { readAccountId } from "../request/accounts.js";
import { conflict, isGiven, readInteger, withoutUndefined } from "../request/validation.js";
import { accountsFromParams } from "./accounts-from-params.js";
import type { XsoarArgs } from "./command-from-args.js";
import { Parameters, type XsoarParams } from "./params.js";

/** The options of `forEachAccount` and `planAccounts` that the platform's parameters and arguments set. */
export interface AccountOptionsFromParams {
  accountIds?: string[];
  concurrency?: number;
}

/**
 * Reads the options for `forEachAccount` of `aws-rolecall/accounts`. The parameter `max_workers` becomes `concurrency`.
 * The command argument `account_id` limits the run to one of the accounts that the administrator lists. Both are
 * optional.
 * @throws RolecallError `INVALID_REQUEST`; `field` names the parameter or the argument, such as `args.account_id`
 */
export function accountOptionsFromParams(params: XsoarParams, args?: XsoarArgs | null): AccountOptionsFromParams {
  const given = new Parameters("params", params);
  given.assertNoMisspelling(["max_workers"]);
  const { field, value } = given.get("max_workers");
  const concurrency = readInteger(field, value, 1, 1000, "accounts");
  const id = accountFromArgs(args);
  if (id !== undefined) assertListed(given, id);
  return withoutUndefined({ accountIds: id === undefined ? undefined : [id], concurrency });
}

/** A misspelled `account_id` would be ignored, and the command would run in every account. */
function accountFromArgs(args: XsoarArgs | null | undefined): string | undefined {
  if (!isGiven(args)) return undefined;
  const given = new Parameters("args", args, "an object of the command's arguments");
  given.assertNoMisspelling(["account_id"]);
  const { field, value } = given.get("account_id");
  return value === undefined ? undefined : readAccountId(field, typeof value === "string" ? value.trim() : value);
}

/**
 * Checks the account only if the parameters have a list. Otherwise, `forEachAccount` checks it against the instance's
 * list.
 */
function assertListed(params: Parameters, id: string): void {
  const { ids = [id] } = accountsFromParams(params) ?? {};
  if (ids.includes(id)) return;
  const hint = "Ask an administrator to add it there, or leave it out to run in all accounts.";
  throw conflict("args.account_id", `is ${id}, which params.accounts_to_access does not list`, hint);
}
