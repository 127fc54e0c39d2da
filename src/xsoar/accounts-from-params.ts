import { type AccountsSettings, readAccountIds, readRoleName } from "../request/accounts.js";
import { conflict, invalid, lengthOf } from "../request/validation.js";
import type { Parameter, Parameters } from "./params.js";

/** The parameters for a role in many accounts: its name, and the accounts. */
export const ACCOUNTS = ["access_role_name", "accounts_to_access"] as const;

/** The accounts that an administrator lists, and the role in each of them; `undefined` if neither is set. */
export function accountsFromParams(params: Parameters): AccountsSettings | undefined {
  const [role, accounts] = ACCOUNTS.map((name) => params.get(name)) as [Parameter, Parameter];
  const roleName = readAccessRole(role);
  const ids = readAccountIds(accounts.field, toList(accounts));
  if (roleName === undefined && ids === undefined) return undefined;
  if (roleName !== undefined && ids !== undefined) return { roleName, ids };
  const [missing, given] = ids ? [role.field, accounts.field] : [accounts.field, role.field];
  throw conflict(missing, `is missing, but ${given} is set`, "Set both, or neither.");
}

/** The platform's packs accept a name with `role/` before it, as in an ARN. */
function readAccessRole({ field, value }: Parameter): string | undefined {
  return readRoleName(field, typeof value === "string" ? value.trim().replace(/^role\//, "") : value);
}

/** Reads a list, a comma-separated string of ids, or a JSON array in a string. */
function toList({ field, value }: Parameter): unknown {
  if (value === undefined || lengthOf(value) !== undefined) return value;
  if (typeof value === "number") return [value];
  if (typeof value !== "string") throw invalid(field, value, "comma-separated account ids, or a list of account ids");
  const text = value.trim();
  const list = text.startsWith("[") ? parseJson(text) : text.split(",").map((id) => id.trim());
  if (lengthOf(list) === undefined)
    throw invalid(field, value, 'a JSON array of account ids in quotes, such as ["111122223333"]');
  return list;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
