import type { RolecallError } from "../../errors.js";
import { findPartition } from "../../request/regions.js";
import { type Caller, findCaller } from "./caller.js";
import { deniedFinding, parseArn } from "./denied-role.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import {
  describeFailure,
  isAccepted,
  isChainingLimit,
  type Observations,
  type Outcome,
  type RoleSeen,
  type RoleSettings,
} from "./observations.js";

const ALWAYS_GRANTED_SECONDS = 3600;
const SOURCE_ROLE = "This is the source role: the base identity assumes it, and it assumes the roles of commands.";

/**
 * The findings about one role, in the order in which a command depends on them.
 * @param config the path of the instance file
 */
export function roleFindings(role: RoleSeen, seen: Observations, config?: string): Finding[] {
  return listFindings(role, seen, config).map((finding) => ({ ...finding, roleArn: role.roleArn }));
}

function listFindings(role: RoleSeen, seen: Observations, config: string | undefined): Finding[] {
  const { settings, assumed, assumedByName } = role;
  const isSourceRole = role === seen.sourceRole;
  const step = isSourceRole ? "source-role" : "allowed-roles";
  if (settings.error) return [failed(step, describeFailure(settings.error), settings.error.hint)];
  const accepted = ok(step, isSourceRole ? SOURCE_ROLE : describeDecision(settings.value));
  if (!assumed) return [accepted, skipped("assume", `Not checked: ${findPrerequisite(seen)} first.`)];
  if (assumed.error && !assumedByName?.value) {
    return [accepted, refusalFinding(role, assumed.error, settings.value, findCaller(role, seen), seen, config)];
  }
  const remark = assumed.error ? " STS denies it with the doctor's session name." : "";
  return [
    accepted,
    ok("assume", `Can be assumed: ${assumed.value ?? assumedByName?.value}.${remark}`),
    externalIdFinding(role, settings.value),
    durationFinding(role, settings.value, isSourceRole ? "the source role gets" : "commands get"),
    ...(role.regions ? [regionsFinding(role.regions)] : []),
  ];
}

function describeDecision({ allowedBy }: RoleSettings): string {
  return allowedBy ? `Allowed by ${allowedBy}.` : "allowedRoles is not set, so IAM alone decides.";
}

export function findPrerequisite({ sts }: Observations): string {
  const isBaseAccepted = sts && isAccepted(sts);
  return isBaseAccepted ? "the source role must be assumable" : "STS must accept the base identity";
}

function refusalFinding(
  { roleArn }: RoleSeen,
  error: RolecallError,
  settings: RoleSettings,
  by: Caller,
  seen: Observations,
  config: string | undefined,
): Finding {
  const caller = by.arn === undefined ? undefined : parseArn(by.arn);
  const partition = caller?.partition ?? (seen.sts && findPartition(seen.sts.region));
  const own = parseArn(roleArn).partition;
  // If the partitions differ, this is the cause, whatever STS reports.
  if (partition !== undefined && partition !== own) {
    return failed(
      "assume",
      `The base identity is in the partition ${partition}, but ${by.roleName} is in ${own}. Credentials work only within their partition.`,
      `Name a role in ${partition}, or set credentials for ${own} in the instance.`,
    );
  }
  // Within an account, a trust policy can be enough, so a role in the caller's account proves nothing about its policy.
  const assumable = by.others.find(
    (other) => other.assumed?.value && caller && parseArn(other.roleArn).accountId !== caller.accountId,
  );
  return deniedFinding(error, settings, { by, assumable: assumable?.roleArn, config });
}

function externalIdFinding({ withoutExternalId }: RoleSeen, { externalId }: RoleSettings): Finding {
  if (!externalId) return ok("external-id", "It requires no external id.");
  const refused = withoutExternalId?.error;
  if (refused?.code === "ASSUME_ROLE_DENIED") return ok("external-id", "It requires the external id that is set.");
  if (refused) {
    const reason = describeFailure(refused);
    return skipped("external-id", `Could not check whether the role requires the external id. ${reason}`);
  }
  return warning(
    "external-id",
    "An external id is set, but the role can be assumed without it.",
    "If the role serves several customers, require sts:ExternalId in its trust policy. Otherwise, remove externalId.",
  );
}

function regionsFinding({ error }: Outcome<true>): Finding {
  if (error) return failed("account-regions", describeFailure(error), error.hint);
  return ok("account-regions", "account:ListRegions lists the enabled regions of the account.");
}

function durationFinding({ roleArn, granted }: RoleSeen, { duration }: RoleSettings, outcome: string): Finding {
  const asked = duration.value;
  if (granted?.error) {
    return skipped("duration", `Could not check whether the role grants ${asked} s. ${describeFailure(granted.error)}`);
  }
  if (!granted) {
    return ok("duration", `It grants sessions of ${asked} s. Every role allows up to 3600 s.`);
  }
  const { seconds, refusal } = granted.value;
  if (refusal === undefined) return ok("duration", `It grants sessions of ${asked} s.`);
  const meaning = `${duration.from} requests ${asked} s, but ${outcome} ${ALWAYS_GRANTED_SECONDS} s`;
  const lower = `Set roleSessionDuration to ${seconds} or less. Sessions of any length are refreshed in time.`;
  if (isChainingLimit(refusal)) return failed("duration", `${meaning}. STS returned: ${refusal}.`, lower);
  return failed(
    "duration",
    `${meaning}. STS returned: ${refusal}. In whole hours, it grants up to ${seconds} s.`,
    lower,
    "Or raise it:",
    `aws iam update-role --role-name ${parseArn(roleArn).name} --max-session-duration ${asked}`,
  );
}
