import { escapeInvisible } from "../../request/validation.js";

/** An account, as an outcome names it. */
export interface NamedAccount {
  readonly accountId: string;
  readonly accountName?: string;
}

/** AWS allows 50 characters in a name. */
const LONGEST_NAME = 50;
const SHOWN_ACCOUNTS = 5;

/**
 * An account's name as AWS Organizations has it, safe to print. The account's own administrators choose it, so it may
 * try to control the terminal or to look like another column.
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

/** The first accounts by name, and how many more there are. */
export function listAccountLabels(accounts: readonly NamedAccount[]): string {
  const shown = accounts.slice(0, SHOWN_ACCOUNTS).map(accountLabel).join(", ");
  const more = accounts.length - SHOWN_ACCOUNTS;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Such as `1 account` or `200 accounts`. */
export function countAccounts(count: number): string {
  return `${count} ${count === 1 ? "account" : "accounts"}`;
}

/** JSON for a person's terminal as well as for a program: what could control a terminal is escaped, which JSON allows. */
export function toSafeJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2).split("\n").map(escapeInvisible).join("\n")}\n`;
}
