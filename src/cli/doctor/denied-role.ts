import type { RolecallError } from "../../errors.js";
import type { Caller } from "./caller.js";
import { type Denial, describeDenial, locatePolicy, readDenial } from "./denial.js";
import { type Finding, failed } from "./finding.js";
import { describeFailure, type RoleSettings } from "./observations.js";

/** The field of the accounts' settings, as errors name it. */
export const ACCOUNT_SETTINGS = "instance.accounts";

/** What is known about the caller. */
export interface CallerContext {
  readonly by: Caller;
  /** A role in another account that the caller could assume, which proves that its own policy allows it. */
  readonly assumable: string | undefined;
  /** The path of the instance file. */
  readonly config: string | undefined;
}

/** A denial by STS, and what is known about the role and the caller. */
interface DeniedRole extends Denial, CallerContext, Pick<RoleSettings, "externalId" | "sets"> {
  readonly roleArn: string;
}

export function parseArn(arn: string) {
  const [, partition = "", , , accountId = ""] = arn.split(":");
  return { partition, accountId, name: arn.slice(arn.lastIndexOf("/") + 1) };
}

/** Explains why a role cannot be assumed. */
export function deniedFinding(error: RolecallError, settings: RoleSettings, context: CallerContext): Finding {
  if (error.code !== "ASSUME_ROLE_DENIED") return failed("assume", describeFailure(error), error.hint);
  const denied = { ...settings, ...readDenial(error), ...context, roleArn: error.roleArn ?? "" };
  const { roleArn, action, policy, by } = denied;
  const forgotten = forgottenAction(denied);
  if (forgotten) return forgotten;
  if (policy === undefined) return unexplained(denied);
  if (!denied.explicit && policy === "role trust policy") {
    const summary = `Denied: ${by.roleName}'s trust policy does not allow ${action}. It ${trustSuspects(denied)}.`;
    return failed("assume", summary, ...trustChecks(denied));
  }
  if (!denied.explicit && policy === "identity-based policy") return notPermitted(denied);
  const advice = denied.explicit
    ? `find the Deny statement with ${action} or sts:*, and ask its owner to exempt ${roleArn}.`
    : `allow ${action} on ${roleArn} there.`;
  return failed(
    "assume",
    `Denied: ${describeDenial(denied)} on ${by.roleName}.`,
    `${locatePolicy(policy, by.name)}: ${advice}`,
  );
}

/** What needs `sts:TagSession` or `sts:SetSourceIdentity`, as a clause; `undefined` for other actions. */
function findNeed({ action, by, sets }: DeniedRole): string | undefined {
  const owner = by.roleName === "the source role" ? "the source role's" : "the instance's";
  if (action === "sts:TagSession") return sets.tags ? `${owner} tags need` : `the tags inherited from ${by.name} need`;
  if (action !== "sts:SetSourceIdentity") return undefined;
  return sets.sourceIdentity ? `${owner} source identity needs` : `the source identity inherited from ${by.name} needs`;
}

/** If AWS names one of these actions, neither the principal nor the external id is the cause. */
function forgottenAction(denied: DeniedRole): Finding | undefined {
  const { action, policy, explicit, roleArn, by } = denied;
  const need = findNeed(denied);
  if (need === undefined || explicit) return undefined;
  const trust = `Add ${action} next to sts:AssumeRole in the role's trust policy, with conditions that match the request`;
  const permission = `${action} on ${roleArn} in a policy of ${describePrincipal(by)}.`;
  switch (policy) {
    case undefined: {
      const summary = `Denied: ${action} is not allowed on ${by.roleName}, but ${need} it.`;
      return failed("assume", summary, `${trust}. Also allow ${permission}`);
    }
    case "role trust policy": {
      const summary = `Denied: the role's trust policy does not allow ${action}, which ${need}.`;
      return failed("assume", summary, `${trust}.`);
    }
    case "identity-based policy": {
      const summary = `Denied: no policy of ${by.name} allows ${action}, which ${need}.`;
      return failed("assume", summary, `Allow ${permission}`);
    }
    default:
      return undefined;
  }
}

function notPermitted({ action, roleArn, by, assumable }: DeniedRole): Finding {
  const known =
    assumable === undefined ? "" : ` It can assume ${assumable}, so a Resource list or a Condition excludes this role.`;
  return failed(
    "assume",
    `Denied: no policy of ${by.name} allows ${action} on ${by.roleName}.${known}`,
    `Add ${roleArn} to the Resource list of ${action} in a policy of ${describePrincipal(by)}.`,
  );
}

/** What may be wrong. STS does not distinguish these cases, so that callers cannot probe which roles exist. */
function trustSuspects({ externalId }: DeniedRole): string {
  const id = externalId ? "requires another external id" : "requires an external id (none is set)";
  return `names another principal, ${id}, or has another condition that is not met; or the role does not exist`;
}

function trustChecks({ action, roleArn, externalId, by, config }: DeniedRole): string[] {
  const { accountId, name } = parseArn(roleArn);
  const id = externalId
    ? `sts:ExternalId there equals ${externalId.from}`
    : "it has no sts:ExternalId condition (or set externalId to its value)";
  return [
    `Look at its trust policy in account ${accountId}:`,
    `aws iam get-role --role-name ${name} --query Role.AssumeRolePolicyDocument`,
    `Check that its Principal is ${describePrincipal(by)}, its Action includes ${action}, and ${id}.`,
    ...printedTrustPolicy(roleArn, by.arn, config, externalId?.from.startsWith(ACCOUNT_SETTINGS)),
  ];
}

/**
 * Only the instance file has the external id, the tags and the source identity.
 * @param hasOwnId whether the external id comes from the accounts' settings
 */
function printedTrustPolicy(roleArn: string, callerArn = "", config?: string, hasOwnId = false): string[] {
  const principal = toPrincipalArn(callerArn);
  if (!/:(role|user)\//.test(principal)) return [];
  const kind = config === undefined ? "trust policy without an external id" : "matching trust policy";
  const path = isRoleSession(callerArn) ? " (add the principal's path, if it has one)" : "";
  const command = `npx aws-rolecall policy trust ${shellWord(roleArn)} --principal ${shellWord(principal)}`;
  const ownId = hasOwnId ? " --external-id <id>" : "";
  return [
    `This command prints a ${kind}${path}. Add its statements to the existing trust policy:`,
    config === undefined ? command : `${command} --config ${shellWord(config)}${ownId}`,
  ];
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** AWS names the policy type only within one account or organization. */
function unexplained(denied: DeniedRole): Finding {
  const { action, roleArn, by, assumable } = denied;
  const permission = `${by.name}'s own policy does not allow ${action} on ${by.roleName}`;
  const causes = [permission, `${by.roleName}'s trust policy ${trustSuspects(denied)}`];
  const checks = [
    [`Check that a policy of ${describePrincipal(by)} allows ${action} on ${roleArn}.`],
    trustChecks(denied),
  ];
  if (assumable !== undefined) {
    causes.reverse();
    checks.reverse();
  }
  return failed(
    "assume",
    `Denied, and AWS does not say which policy decided. Possible causes, most likely first: ${causes.join("; or ")}.`,
    ...checks.flat(),
    "If all of that is correct, check service control policies, permissions boundaries and the VPC endpoint policy.",
  );
}

function isRoleSession(arn: string): boolean {
  return arn.includes(":assumed-role/");
}

/** The role or user behind an identity. For a session, the path is missing, because session ARNs do not contain it. */
function toPrincipalArn(callerArn: string): string {
  return callerArn.replace(/^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, "arn:$1:iam::$2:role/$3");
}

function describePrincipal({ arn, name }: Caller): string {
  if (arn === undefined) return `${name}'s role or user`;
  return `${toPrincipalArn(arn)}${isRoleSession(arn) ? " (with its path, if it has one)" : ""}`;
}
