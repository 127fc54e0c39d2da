import { escapeInvisible } from "../../request/validation.js";

/** An account, with the names that outcomes use. */
export interface NamedAccount {
  readonly accountId: string;
  readonly accountName?: string;
}

/** AWS allows 50 characters in a name. */
const LONGEST_NAME = 50;
const SHOWN_ACCOUNTS = 5;

/**
 * An account's name from AWS Organizations, made safe to print. The account's administrators choose the name, so it may
 * contain terminal control characters or imitate a table column.
 */
export function shownName(name: string): string {
  const characters = [...name];
  const isLong = characters.length > LONGEST_NAME;
  const shown = isLong ? `${characters.slice(0, LONGEST_NAME - 1).join("")}…` : name;
  return escapeInvisible(shown).replace(/\s+/g, " ").trim();
}

export function accountLabel({ accountId, accountName }: NamedAccount): string {
  const name = shownName(accountName ?? "");
  return name === "" ? accountId : `${accountId} (${name})`;
}

/** The labels of the first accounts, and how many more there are. */
export function listAccountLabels(accounts: readonly NamedAccount[]): string {
  const shown = accounts.slice(0, SHOWN_ACCOUNTS).map(accountLabel).join(", ");
  const more = accounts.length - SHOWN_ACCOUNTS;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Such as `1 account` or `200 accounts`. */
export function countAccounts(count: number): string {
  return `${count} ${count === 1 ? "account" : "accounts"}`;
}

/** JSON for programs and terminals. Escapes terminal control characters, which JSON allows. */
export function toSafeJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2).split("\n").map(escapeInvisible).join("\n")}\n`;
}
