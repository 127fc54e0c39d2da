import { groupBy } from "../../group-by.js";
import { escapeInvisible } from "../../request/validation.js";
import { countAccounts, type NamedAccount } from "../accounts/account-label.js";
import { findCaller } from "./caller.js";
import { deniedFinding } from "./denied-role.js";
import { EXIT_CODES, type Finding, failed, ok, type Step, skipped } from "./finding.js";
import { type AccountsSeen, describeFailure, type Observations, type RoleSeen } from "./observations.js";
import { findPrerequisite, roleFindings } from "./role-findings.js";

const STEPS = Object.keys(EXIT_CODES) as Step[];

/**
 * The findings about the accounts of the instance: whether they can be listed, then what was found in them. Accounts
 * with the same finding share one.
 * @param config the path of the instance file
 */
export function accountFindings(seen: Observations, config?: string): Finding[] {
  if (!seen.accounts) return [];
  return [...listFindings(seen.accounts, seen, config), ...groupFindings(seen, config)];
}

function listFindings(accounts: AccountsSeen, seen: Observations, config: string | undefined): Finding[] {
  const { inactive, asksOrganization } = accounts;
  if (!inactive) return [skipped("accounts", `Not listed: ${findPrerequisite(seen)} first.`)];
  if (inactive.error) return [unlistedFinding(accounts, inactive.error, seen, config)];
  const by = asksOrganization ? "organizations:ListAccounts works" : "The settings list the accounts";
  const total = countAccounts(seen.roles.length + inactive.value.length);
  return [
    ok("accounts", `${by}: the instance has ${total}.`),
    ...[...groupBy(inactive.value, ({ state }) => escapeInvisible(state))].map(([state, group]) => {
      const accounts = group.map(({ state: _, ...account }) => account);
      return { ...skipped("accounts", `Not active (${state}), so a run skips it.`), accounts };
    }),
  ];
}

/** If STS denies the role that lists the accounts, explains why, as for a command's role. */
function unlistedFinding(
  { lister }: AccountsSeen,
  error: NonNullable<NonNullable<AccountsSeen["inactive"]>["error"]>,
  seen: Observations,
  config: string | undefined,
): Finding {
  const settings = lister?.settings.value;
  if (!settings || error.code !== "ASSUME_ROLE_DENIED" || error.roleArn !== lister.roleArn) {
    return failed("accounts", describeFailure(error), error.hint);
  }
  const role: RoleSeen = { ...lister, assumed: { error } };
  const finding = deniedFinding(error, settings, { by: findCaller(role, seen), assumable: undefined, config });
  return {
    ...finding,
    step: "accounts",
    summary: `The role that lists the accounts: ${finding.summary}`,
    roleArn: lister.roleArn,
  };
}

function groupFindings(seen: Observations, config: string | undefined): Finding[] {
  const found = seen.roles.flatMap((role) => {
    const { account } = role;
    return account ? roleFindings(role, seen, config).map((finding) => ({ account, finding })) : [];
  });
  const groups = groupBy(found, ({ account, finding }) => JSON.stringify(inAnyAccount(finding, account)));
  const findings = [...groups.values()].map((group) => {
    const [{ account, finding }] = group;
    // A finding for a single account keeps the account's id, so that its commands can be copied.
    if (group.length === 1) return { ...finding, accounts: [account] };
    return { ...inAnyAccount(finding, account), accounts: group.map((each) => each.account) };
  });
  return findings.sort((one, other) => STEPS.indexOf(one.step) - STEPS.indexOf(other.step));
}

/** A finding with a placeholder for the account's id. */
function inAnyAccount({ step, status, summary, next }: Finding, { accountId }: NamedAccount): Finding {
  const anyAccount = (text: string) => text.replaceAll(accountId, "<account>");
  return { step, status, summary: anyAccount(summary), next: next.map(anyAccount) };
}
