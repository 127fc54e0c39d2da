import type { RolecallError } from "../../errors.js";
import { findPartition } from "../../request/regions.js";
import {
  describePrincipal,
  isRoleSession,
  parseAccountId,
  parsePartition,
  parseRoleName,
  toPrincipalArn,
} from "./arns.js";
import { type Denial, describeDenial, OWNERS, readDenial } from "./denial.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import { forgottenAction } from "./forgotten-action.js";
import {
  describeFailure,
  findCallerArn,
  isChainingLimit,
  type Observations,
  type RoleSeen,
  type RoleSettings,
} from "./observations.js";

/** What is known about the caller. */
interface CallerContext {
  /** The caller's ARN, if AWS names it. */
  readonly callerArn: string | undefined;
  /** A role in another account that the caller could assume, which proves that its own policy allows it. */
  readonly assumable: string | undefined;
  /** The base identity's partition, if known. */
  readonly partition: string | undefined;
  /** The path of the instance file. */
  readonly config: string | undefined;
}

const ALWAYS_GRANTED_SECONDS = 3600;

/**
 * The findings about one role, in the order in which a command depends on them.
 * @param config the path of the instance file
 */
export function roleFindings(role: RoleSeen, seen: Observations, config?: string): Finding[] {
  const { error: refused } = role.assumed ?? {};
  const callerArn = (seen.sts && findCallerArn(seen.sts)) ?? (refused && readDenial(refused).caller);
  // Within an account, a trust policy can be enough, so such a role says nothing about the caller's own policy.
  const assumable = seen.roles.find(
    ({ roleArn, assumed }) =>
      roleArn !== role.roleArn && assumed?.value && callerArn && parseAccountId(roleArn) !== parseAccountId(callerArn),
  );
  const stsPartition = seen.sts && findPartition(seen.sts.region);
  const partition = callerArn === undefined ? stsPartition : parsePartition(callerArn);
  const context = { callerArn, assumable: assumable?.roleArn, partition, config };
  return listFindings(role, context).map((finding) => ({ ...finding, roleArn: role.roleArn }));
}

function listFindings(role: RoleSeen, context: CallerContext): Finding[] {
  const { settings, assumed } = role;
  if (settings.error) return [failed("allowed-roles", describeFailure(settings.error), settings.error.hint)];
  const allowed = allowedFinding(settings.value);
  if (!assumed) return [allowed, skipped("assume", "Not checked: STS must accept the base identity first.")];
  const found = assumed.error ? role.assumedByName : assumed;
  if (!found?.value) {
    const error = assumed.error as RolecallError;
    return [allowed, otherPartition(role, context) ?? refusal(error, settings.value, context)];
  }
  return [
    allowed,
    ok("assume", assumedSummary(found.value, assumed.error !== undefined)),
    externalIdFinding(role, settings.value),
    durationFinding(role, settings.value),
  ];
}

function allowedFinding({ allowedBy }: RoleSettings): Finding {
  const summary =
    allowedBy === undefined ? "allowedRoles is not set, so IAM alone decides." : `Allowed by ${allowedBy}.`;
  return ok("allowed-roles", summary);
}

function assumedSummary(arn: string, byNameAlone: boolean): string {
  return `Can be assumed: ${arn}.${byNameAlone ? " With another session name, it is denied." : ""}`;
}

function externalIdFinding({ withoutExternalId }: RoleSeen, { externalId }: RoleSettings): Finding {
  if (!externalId) return ok("external-id", "It requires no external id.");
  const refused = withoutExternalId?.error;
  if (refused?.code === "ASSUME_ROLE_DENIED") return ok("external-id", "It requires the external id that is set.");
  if (refused)
    return skipped(
      "external-id",
      `It is not known whether the role requires the external id. ${describeFailure(refused)}`,
    );
  return warning(
    "external-id",
    "An external id is set, but the role can be assumed without it.",
    "If the role serves several customers, require sts:ExternalId in its trust policy. Otherwise, remove externalId.",
  );
}

function durationFinding({ roleArn, granted }: RoleSeen, { duration }: RoleSettings): Finding {
  const asked = duration.value;
  if (granted?.error) {
    return skipped("duration", `It is not known whether the role grants ${asked} s. ${describeFailure(granted.error)}`);
  }
  if (!granted) {
    return ok("duration", `It grants sessions of ${asked} s, as every role does. More than 3600 s was not requested.`);
  }
  const { seconds, refusal } = granted.value;
  if (refusal === undefined) return ok("duration", `It grants sessions of ${asked} s.`);
  const meaning = `${duration.from} requests ${asked} s, but commands get ${ALWAYS_GRANTED_SECONDS} s`;
  const lower = `Set roleSessionDuration to ${seconds} or less. Sessions of any length are refreshed in time.`;
  if (isChainingLimit(refusal)) return failed("duration", `${meaning}. STS says: ${refusal}.`, lower);
  return failed(
    "duration",
    `${meaning}. STS says: ${refusal}. In whole hours, it grants up to ${seconds} s.`,
    lower,
    "Or raise it:",
    `aws iam update-role --role-name ${parseRoleName(roleArn)} --max-session-duration ${asked}`,
  );
}

/** If the partitions differ, this is the cause, whatever STS reports. */
function otherPartition({ roleArn }: RoleSeen, { partition }: CallerContext): Finding | undefined {
  const own = parsePartition(roleArn);
  if (partition === undefined || partition === own) return undefined;
  return failed(
    "assume",
    `The base identity is in the partition ${partition}, but this role is in ${own}. Credentials work within one partition.`,
    `Name a role in ${partition}, or set credentials for ${own} in the instance.`,
  );
}

function refusal(error: RolecallError, settings: RoleSettings, context: CallerContext): Finding {
  if (error.code !== "ASSUME_ROLE_DENIED") return failed("assume", describeFailure(error), error.hint);
  const roleArn = error.roleArn ?? "";
  const denial = readDenial(error);
  const forgotten = forgottenAction(denial, roleArn, context.callerArn);
  if (forgotten) return forgotten;
  if (denial.policy === undefined) return unexplained(denial, roleArn, settings, context);
  if (denial.explicit) {
    return failed(
      "assume",
      `Denied: ${describeDenial(denial)} on this role.`,
      `${OWNERS[denial.policy]}: find the Deny statement with ${denial.action} or sts:*, and ask its owner to exempt ${roleArn}.`,
    );
  }
  if (denial.policy === "role trust policy") return untrusted(denial, roleArn, settings, context);
  if (denial.policy === "identity-based policy") return notPermitted(denial, roleArn, context);
  return failed(
    "assume",
    `Denied: ${describeDenial(denial)} on this role.`,
    `${OWNERS[denial.policy]}: allow ${denial.action} on ${roleArn} there.`,
  );
}

function notPermitted({ action }: Denial, roleArn: string, { callerArn, assumable }: CallerContext): Finding {
  const known =
    assumable === undefined ? "" : ` It can assume ${assumable}, so a Resource list or a Condition excludes this role.`;
  return failed(
    "assume",
    `Denied: no policy of the base identity allows ${action} on this role.${known}`,
    `Add ${roleArn} to the Resource list of ${action} in a policy of ${describePrincipal(callerArn)}.`,
  );
}

function untrusted(denial: Denial, roleArn: string, settings: RoleSettings, context: CallerContext): Finding {
  return failed(
    "assume",
    `Denied: no trust policy of this role allows ${denial.action}. ${trustSuspects(settings)}.`,
    ...trustChecks(denial, roleArn, settings, context),
  );
}

/** STS does not distinguish these cases, so that callers cannot probe which roles exist. */
function trustSuspects({ externalId }: RoleSettings): string {
  const id = externalId ? "requires another external id" : "requires an external id (none is set)";
  return `Its trust policy names another principal, ${id}, or has another condition that is not met; or the role does not exist`;
}

function trustChecks(
  { action }: Denial,
  roleArn: string,
  { externalId }: RoleSettings,
  context: CallerContext,
): string[] {
  const id = externalId
    ? `sts:ExternalId there equals ${externalId.from}`
    : "it has no sts:ExternalId condition (or set externalId to its value)";
  return [
    `Look at its trust policy in account ${parseAccountId(roleArn)}:`,
    `aws iam get-role --role-name ${parseRoleName(roleArn)} --query Role.AssumeRolePolicyDocument`,
    `Check that its Principal is ${describePrincipal(context.callerArn)}, its Action includes ${action}, and ${id}.`,
    ...printedTrustPolicy(roleArn, context),
  ];
}

/** The external id, the tags and the source identity are known only from the instance file. */
function printedTrustPolicy(roleArn: string, { callerArn = "", config }: CallerContext): string[] {
  const principal = toPrincipalArn(callerArn);
  if (!/:(role|user)\//.test(principal)) return [];
  const command = `npx aws-rolecall policy trust ${shellWord(roleArn)} --principal ${shellWord(principal)}`;
  const path = isRoleSession(callerArn) ? " (add the principal's path, if it has one)" : "";
  const merge = "Add its statements to the existing trust policy:";
  if (config === undefined)
    return [`This command prints a trust policy without an external id${path}. ${merge}`, command];
  return [`This command prints a matching trust policy${path}. ${merge}`, `${command} --config ${shellWord(config)}`];
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** AWS names the policy type only within one account or organization. */
function unexplained(denial: Denial, roleArn: string, settings: RoleSettings, context: CallerContext): Finding {
  const { callerArn, assumable } = context;
  const permission = `the base identity's own policy does not allow ${denial.action} on this role`;
  const suspects = trustSuspects(settings).replace(/^Its/, "its");
  const summary = assumable === undefined ? `${permission}; or ${suspects}` : `${suspects}; or ${permission}`;
  const checks = trustChecks(denial, roleArn, settings, context);
  const add = `Check that a policy of ${describePrincipal(callerArn)} allows ${denial.action} on ${roleArn}.`;
  return failed(
    "assume",
    `Denied, and AWS does not say which policy decided. Possible causes, most likely first: ${summary}.`,
    ...(assumable === undefined ? [add, ...checks] : [...checks, add]),
    "If all of that is correct, check service control policies, permissions boundaries and the VPC endpoint policy.",
  );
}
