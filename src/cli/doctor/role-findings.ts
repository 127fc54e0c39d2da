import type { RolecallError } from "../../errors.js";
import { findPartition } from "../../request/regions.js";
import { accountOf, isRoleSession, nameOf, partitionOf, principalOf, withPath } from "./arns.js";
import { type Denial, denialOf, describeDenial, OWNERS } from "./denial.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import { forgottenAction } from "./forgotten-action.js";
import {
  callerArnOf,
  isChainingLimit,
  type Observations,
  type RoleSeen,
  type RoleSettings,
  whatFailed,
} from "./observations.js";

/** What is known besides the role itself. */
interface Surroundings {
  /** The ARN of whoever asks for the role, as AWS says it; `undefined` if it does not. */
  readonly callerArn: string | undefined;
  /** Another role that the same caller got, in another account: the caller's own policy has to allow that. */
  readonly assumable: string | undefined;
  /** The base identity's partition, if it is known. */
  readonly partition: string | undefined;
  /** The file with the instance's settings. */
  readonly config: string | undefined;
}

const ALWAYS_GRANTED_SECONDS = 3600;

/** The findings of one role, in the order in which a command meets them. `config`: the file with the settings. */
export function roleFindings(role: RoleSeen, seen: Observations, config?: string): Finding[] {
  const { error: refused } = role.assumed ?? {};
  const callerArn = (seen.sts && callerArnOf(seen.sts)) ?? (refused && denialOf(refused).caller);
  // Within one account a trust policy is enough, and such a role tells nothing of the caller's own policy.
  const assumable = seen.roles.find(
    ({ roleArn, assumed }) =>
      roleArn !== role.roleArn && assumed?.value && callerArn && accountOf(roleArn) !== accountOf(callerArn),
  );
  const stsPartition = seen.sts && findPartition(seen.sts.region);
  const partition = callerArn === undefined ? stsPartition : partitionOf(callerArn);
  const around = { callerArn, assumable: assumable?.roleArn, partition, config };
  return findingsOf(role, around).map((finding) => ({ ...finding, roleArn: role.roleArn }));
}

function findingsOf(role: RoleSeen, around: Surroundings): Finding[] {
  const { settings, assumed } = role;
  if (settings.error) return [failed("allowed-roles", whatFailed(settings.error), settings.error.hint)];
  const allowed = allowedFinding(settings.value);
  if (!assumed) return [allowed, skipped("assume", "Not asked for: STS has to accept the base identity first.")];
  const found = assumed.error ? role.assumedByName : assumed;
  if (!found?.value) {
    const error = assumed.error as RolecallError;
    return [allowed, otherPartition(role, around) ?? refusal(error, settings.value, around)];
  }
  return [
    allowed,
    ok("assume", assumedSummary(found.value, assumed.error !== undefined)),
    externalIdFinding(role, settings.value),
    durationFinding(role, settings.value),
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

function durationFinding({ roleArn, granted }: RoleSeen, { duration }: RoleSettings): Finding {
  const asked = duration.value;
  if (granted?.error) {
    return skipped("duration", `Whether it grants ${asked} s is not known. ${whatFailed(granted.error)}`);
  }
  if (!granted) {
    return ok("duration", `It grants sessions of ${asked} s, as every role does. More than 3600 s was not asked for.`);
  }
  const { seconds, refusal } = granted.value;
  if (refusal === undefined) return ok("duration", `It grants sessions of ${asked} s.`);
  const meaning = `${duration.from} asks for ${asked} s, and commands get ${ALWAYS_GRANTED_SECONDS} s`;
  const lower = `Set roleSessionDuration to ${seconds} or less: sessions are refreshed in time, whatever their length.`;
  if (isChainingLimit(refusal)) return failed("duration", `${meaning}. STS says: ${refusal}.`, lower);
  return failed(
    "duration",
    `${meaning}. STS says: ${refusal}. Of whole hours it grants ${seconds} s.`,
    lower,
    "Or raise it:",
    `aws iam update-role --role-name ${nameOf(roleArn)} --max-session-duration ${asked}`,
  );
}

/** Nothing else can help then, whatever STS answers. */
function otherPartition({ roleArn }: RoleSeen, { partition }: Surroundings): Finding | undefined {
  const own = partitionOf(roleArn);
  if (partition === undefined || partition === own) return undefined;
  return failed(
    "assume",
    `The base identity lies in the partition ${partition}, and this role in ${own}: credentials hold within one partition.`,
    `Name a role of ${partition}, or give the instance credentials of ${own}.`,
  );
}

function refusal(error: RolecallError, settings: RoleSettings, around: Surroundings): Finding {
  if (error.code !== "ASSUME_ROLE_DENIED") return failed("assume", whatFailed(error), error.hint);
  const roleArn = error.roleArn ?? "";
  const denial = denialOf(error);
  const forgotten = forgottenAction(denial, roleArn, around.callerArn);
  if (forgotten) return forgotten;
  if (denial.policy === undefined) return unexplained(denial, roleArn, settings, around);
  if (denial.explicit) {
    return failed(
      "assume",
      `Denied: ${describeDenial(denial)} on this role.`,
      `${OWNERS[denial.policy]}: look for Deny with ${denial.action} or sts:*, and ask its owner whether to exempt ${roleArn}.`,
    );
  }
  if (denial.policy === "role trust policy") return untrusted(denial, roleArn, settings, around);
  if (denial.policy === "identity-based policy") return notPermitted(denial, roleArn, around);
  return failed(
    "assume",
    `Denied: ${describeDenial(denial)} on this role.`,
    `${OWNERS[denial.policy]}: allow ${denial.action} on ${roleArn} there.`,
  );
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

function untrusted(denial: Denial, roleArn: string, settings: RoleSettings, around: Surroundings): Finding {
  return failed(
    "assume",
    `Denied: no trust policy of this role allows ${denial.action}. ${trustSuspects(settings)}.`,
    ...trustChecks(denial, roleArn, settings, around),
  );
}

/** STS tells none of these apart, so that nobody can find out which roles there are. */
function trustSuspects({ externalId }: RoleSettings): string {
  const id = externalId ? "it demands another external id" : "it demands an external id, and none is set";
  return `Its trust policy names another principal; or ${id}, or something else that is not so; or there is no such role`;
}

function trustChecks(
  { action }: Denial,
  roleArn: string,
  { externalId }: RoleSettings,
  around: Surroundings,
): string[] {
  const id = externalId
    ? `sts:ExternalId there equals ${externalId.from}`
    : "it has no sts:ExternalId, or set externalId to that";
  return [
    `Look at it in account ${accountOf(roleArn)}:`,
    `aws iam get-role --role-name ${nameOf(roleArn)} --query Role.AssumeRolePolicyDocument`,
    `See that its Principal is ${withPath(around.callerArn)}, its Action holds ${action}, and ${id}.`,
    ...printedTrustPolicy(roleArn, around),
  ];
}

/** Only the file tells the external id, the tags and the source identity. */
function printedTrustPolicy(roleArn: string, { callerArn = "", config }: Surroundings): string[] {
  const principal = principalOf(callerArn);
  if (!/:(role|user)\//.test(principal)) return [];
  const command = `npx aws-rolecall policy trust ${shellWord(roleArn)} --principal ${shellWord(principal)}`;
  const path = isRoleSession(callerArn) ? " (add the principal's path, if it has one)" : "";
  const merge = "Add its statements to the trust policy and keep those of others:";
  if (config === undefined) return [`A trust policy without an external id is printed by${path}. ${merge}`, command];
  return [`A trust policy that fits is printed by${path}. ${merge}`, `${command} --config ${shellWord(config)}`];
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** AWS tells which policy it was only within one account or organization. */
function unexplained(denial: Denial, roleArn: string, settings: RoleSettings, around: Surroundings): Finding {
  const { callerArn, assumable } = around;
  const permission = `the base identity's own policy does not allow ${denial.action} on it`;
  const suspects = trustSuspects(settings).replace(/^Its/, "its");
  const summary = assumable === undefined ? `${permission}; or ${suspects}` : `${suspects}; or ${permission}`;
  const checks = trustChecks(denial, roleArn, settings, around);
  const add = `See that a policy of ${withPath(callerArn)} allows ${denial.action} on ${roleArn}.`;
  return failed(
    "assume",
    `Denied, and AWS does not say by which policy. The likeliest first: ${summary}.`,
    ...(assumable === undefined ? [add, ...checks] : [...checks, add]),
    "If all that is right: a service control policy, a permissions boundary or the VPC endpoint's policy.",
  );
}
