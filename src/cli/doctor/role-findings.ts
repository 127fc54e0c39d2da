import type { RolecallError } from "../../errors.js";
import { type Denial, type PolicyType, readDenial } from "./denial.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import { isRoleSession, type Observations, type RoleSeen, type RoleSettings, whatFailed } from "./observations.js";

/** What is known besides the role itself. */
interface Surroundings {
  /** The ARN of whoever asks for the role, as AWS says it. */
  readonly callerArn: string;
  /** Whether that is a session of a role itself: then what it assumes is role chaining. */
  readonly isChained: boolean;
  /** Another role that the same caller got. */
  readonly assumable: string | undefined;
}

const ALWAYS_GRANTED_SECONDS = 3600;
const CHAINED = "the base identity is a role's session itself, and role chaining is limited to that";

/** The findings of one role, in the order in which a command meets them. */
export function roleFindings(role: RoleSeen, seen: Observations): Finding[] {
  const callerArn = seen.sts?.caller.value?.arn ?? "";
  const others = seen.roles.filter(({ roleArn, assumed }) => roleArn !== role.roleArn && assumed?.value);
  const around = { callerArn, isChained: isRoleSession(callerArn), assumable: others[0]?.roleArn };
  return findingsOf(role, around).map((finding) => ({ ...finding, roleArn: role.roleArn }));
}

function findingsOf(role: RoleSeen, around: Surroundings): Finding[] {
  const { settings, assumed } = role;
  if (settings.error) return [failed("allowed-roles", whatFailed(settings.error), settings.error.hint)];
  const allowed = allowedFinding(settings.value);
  if (!assumed) return [allowed, skipped("assume", "Not asked for: STS has to accept the base identity first.")];
  const found = assumed.error ? role.assumedByName : assumed;
  if (!found?.value) return [allowed, refusal(assumed.error as RolecallError, settings.value, around)];
  return [
    allowed,
    ok("assume", assumedSummary(found.value.arn, assumed.error !== undefined)),
    externalIdFinding(role, settings.value),
    durationFinding(role, settings.value, around),
  ];
}

function allowedFinding({ allowedBy }: RoleSettings): Finding {
  const summary = allowedBy === undefined ? "No allowedRoles is set: IAM alone decides." : `Allowed by ${allowedBy}.`;
  return ok("allowed-roles", summary);
}

function assumedSummary(arn: string, byNameAlone: boolean): string {
  return `Can be assumed: ${arn}.${byNameAlone ? " Under another session name it is denied." : ""}`;
}

function externalIdFinding({ withoutExternalId }: RoleSeen, { externalId }: RoleSettings): Finding {
  if (!externalId) return ok("external-id", "It demands no external id.");
  const refused = withoutExternalId?.error;
  if (refused?.code === "ASSUME_ROLE_DENIED") return ok("external-id", "It demands the external id that is set.");
  if (refused) return skipped("external-id", `Whether it demands the external id is not known. ${whatFailed(refused)}`);
  return warning(
    "external-id",
    "An external id is set, and the role can be assumed without it.",
    "If the role serves several customers: demand sts:ExternalId in its trust policy. Else leave externalId out.",
  );
}

function durationFinding(role: RoleSeen, { duration }: RoleSettings, { isChained }: Surroundings): Finding {
  const asked = duration.value;
  const granted = isChained ? ALWAYS_GRANTED_SECONDS : (role.longestGranted ?? asked);
  if (asked <= granted) return ok("duration", grantedSummary(asked, isChained));
  const meaning = `${duration.from} asks for ${asked} s, and commands get ${ALWAYS_GRANTED_SECONDS} s`;
  const lower = `Set roleSessionDuration to ${granted} or less: sessions are refreshed in time, whatever their length.`;
  if (isChained) return failed("duration", `${meaning}: ${CHAINED}.`, lower);
  return failed(
    "duration",
    `${meaning}: the role's MaxSessionDuration is lower. Of whole hours it grants ${granted} s.`,
    lower,
    "Or raise it:",
    `aws iam update-role --role-name ${nameOf(role.roleArn)} --max-session-duration ${asked}`,
  );
}

function grantedSummary(asked: number, isChained: boolean): string {
  if (asked > ALWAYS_GRANTED_SECONDS) return `It grants sessions of ${asked} s.`;
  const most = isChained ? `3600 s are the most: ${CHAINED}` : "More than 3600 s was not asked for";
  return `It grants sessions of ${asked} s, as every role does. ${most}.`;
}

function refusal(error: RolecallError, settings: RoleSettings, around: Surroundings): Finding {
  if (error.code !== "ASSUME_ROLE_DENIED") return failed("assume", whatFailed(error), error.hint);
  const roleArn = error.roleArn ?? "";
  const denial = readDenial(awsMessage(error));
  if (denial.policy === undefined) return unexplained(denial, roleArn, settings, around);
  if (denial.explicit) return explicitDeny(denial.policy, denial.action, roleArn);
  if (denial.policy === "role trust policy") return untrusted(denial, roleArn, settings, around);
  if (denial.policy === "identity-based policy") return notPermitted(denial, roleArn, around);
  return failed(
    "assume",
    `Denied: no ${denial.policy} allows ${denial.action} on this role.`,
    `${OWNERS[denial.policy]}: allow ${denial.action} on ${roleArn} there.`,
  );
}

/** AWS's own words: the library keeps them as the cause. */
function awsMessage({ cause, message }: RolecallError): string {
  return cause instanceof Error ? cause.message : message;
}

/** Where each kind of policy is found. */
const OWNERS: Record<PolicyType, string> = {
  "identity-based policy": "IAM in the base identity's account, its own policies",
  "role trust policy": "IAM in the role's account, the role's trust relationships",
  "resource-based policy": "IAM in the role's account, the role's trust relationships",
  "service control policy": "AWS Organizations, the policies of the account that asks, and of its parents",
  "resource control policy": "AWS Organizations, the policies of the role's account, and of its parents",
  "permissions boundary": "IAM in the base identity's account, its permissions boundary",
  "session policy": "The session policy that the base identity's session was made with",
  "VPC endpoint policy": "VPC, the policy of the interface endpoint for STS",
};

function explicitDeny(policy: PolicyType, action: string, roleArn: string): Finding {
  return failed(
    "assume",
    `Denied: a Deny statement in ${articleOf(policy)} ${policy} forbids ${action} on this role.`,
    `${OWNERS[policy]}: look for Deny with ${action} or sts:*, and exempt ${roleArn}.`,
  );
}

function articleOf(noun: string): string {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}

function notPermitted({ action }: Denial, roleArn: string, { callerArn, assumable }: Surroundings): Finding {
  const known =
    assumable === undefined
      ? ""
      : ` It may assume ${assumable}: so a Resource list, or a Condition, leaves this one out.`;
  return failed(
    "assume",
    `Denied: no policy of the base identity allows ${action} on this role.${known}`,
    `Add ${roleArn} to the Resource list of ${action} in a policy of ${withPath(callerArn)}.`,
  );
}

function untrusted(denial: Denial, roleArn: string, settings: RoleSettings, { callerArn }: Surroundings): Finding {
  return failed(
    "assume",
    `Denied: no trust policy of this role allows ${denial.action}. ${trustSuspects(settings)}.`,
    ...trustChecks(denial, roleArn, settings, callerArn),
  );
}

/** STS tells none of these apart, so that nobody can find out which roles there are. */
function trustSuspects({ externalId }: RoleSettings): string {
  const id = externalId ? "it demands another external id" : "it demands an external id, and none is set";
  return `Its trust policy names another principal; or ${id}, or something else that is not so; or there is no such role`;
}

function trustChecks({ action }: Denial, roleArn: string, { externalId }: RoleSettings, callerArn: string): string[] {
  const id = externalId
    ? `sts:ExternalId there equals ${externalId.from}`
    : "it has no sts:ExternalId, or set externalId to that";
  return [
    `Look at it in account ${accountOf(roleArn)}:`,
    `aws iam get-role --role-name ${nameOf(roleArn)} --query Role.AssumeRolePolicyDocument`,
    `See that its Principal is ${withPath(callerArn)}, its Action holds ${action}, and ${id}.`,
    "A trust policy that fits is printed by:",
    `rolecall policy trust ${roleArn} --principal ${principalOf(callerArn)}`,
  ];
}

/** AWS tells which policy it was only within one account or organization. */
function unexplained(denial: Denial, roleArn: string, settings: RoleSettings, around: Surroundings): Finding {
  const { callerArn, assumable } = around;
  const permission = `the base identity's own policy does not allow ${denial.action} on it`;
  const suspects = trustSuspects(settings).replace(/^Its/, "its");
  const summary = assumable === undefined ? `${permission}; or ${suspects}` : `${suspects}; or ${permission}`;
  const checks = trustChecks(denial, roleArn, settings, callerArn);
  const add = `See that a policy of ${withPath(callerArn)} allows ${denial.action} on ${roleArn}.`;
  return failed(
    "assume",
    `Denied, and AWS does not say by which policy. The likeliest first: ${summary}.`,
    ...(assumable === undefined ? [add, ...checks] : [...checks, add]),
    "If all that is right: a service control policy, a permissions boundary or the VPC endpoint's policy.",
  );
}

/** The role or user behind an identity. A session's ARN does not tell its role's path. */
function principalOf(callerArn: string): string {
  return callerArn.replace(/^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, "arn:$1:iam::$2:role/$3");
}

function withPath(callerArn: string): string {
  return `${principalOf(callerArn)}${isRoleSession(callerArn) ? " (with its path, if it has one)" : ""}`;
}

function accountOf(roleArn: string): string {
  return roleArn.split(":")[4] ?? "";
}

function nameOf(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf("/") + 1);
}
