import type { AccountRegions } from "./account-regions.js";
import {
  type AssumeRoleInput,
  invalidParameter,
  type QueryParameters,
  readAssumeRoleInput,
} from "./assume-role-input.js";
import { type Authentication, assertSender, describeSender } from "./authentication.js";
import { AwsError } from "./aws-error.js";
import { element } from "./aws-xml.js";
import type { Answer, Exchange, PatchCredentials } from "./exchange.js";
import type { Statement } from "./iam-policy.js";
import type { IssuedKeys } from "./issued-sessions.js";
import type { Organization } from "./organization.js";
import { organizationContext } from "./organization-context.js";
import { readParameters, refuseInQueryProtocol, succeedInQueryProtocol } from "./query-protocol.js";
import type { Surroundings } from "./request-context.js";
import { roleSessionIdentity } from "./role-identity.js";
import { assertMaxSessionDuration, issueRoleSession, roleSessionElements } from "./role-session.js";
import { readSessionPolicies } from "./session-policies.js";
import type { WireRequest } from "./sigv4-verification.js";
import { findDenial, type TrustDenial } from "./trust.js";
import { assumeRoleWithWebIdentity, WEB_IDENTITY_OPERATION, type WebIdentityOptions } from "./web-identity-api.js";

export const STS_VERSION = "2011-06-15";
const ROLE_CHAINING_LIMIT_SECONDS = 3600;

export interface StsOptions extends WebIdentityOptions {
  /** The policy of the identity behind these keys. */
  findPermissions(keys: IssuedKeys): readonly Statement[];
  /** The principals that a role trusts if it names none. */
  defaultTrustedPrincipals(): readonly string[];
  regions: AccountRegions;
  organization: Organization | undefined;
  /** Whether an AccessDenied message names the type of policy that decided. */
  denialContext: boolean;
}

/** The Security Token Service: AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity. */
export function createSts(options: StsOptions): (request: WireRequest, sender: Authentication) => Exchange {
  return (request, sender) => {
    const parameters = readParameters(request);
    const operation = parameters.Action ?? "unknown";
    const roleArn = parameters.RoleArn ?? sender.signer?.identity.roleArn;
    return {
      about: {
        target: "sts",
        operation,
        parameters,
        ...describeSender(sender),
        ...(roleArn !== undefined && { roleArn }),
      },
      answer: (patch) => {
        if (operation === WEB_IDENTITY_OPERATION && parameters.Version === STS_VERSION) {
          return assumeRoleWithWebIdentity(options, request, patch);
        }
        const caller = assertSender(sender);
        const region = sender.signature?.region ?? "";
        assertKeysInRegion(options.regions, caller, region);
        if (parameters.Version !== STS_VERSION) throw invalidAction(operation, parameters.Version);
        if (operation === "AssumeRole") {
          const userAgent = request.headers["user-agent"]?.[0];
          const accounts = { principal: caller.identity.accountId, resource: parameters.RoleArn?.split(":")[4] };
          const given = new Map([...organizationContext(options.organization, accounts), ...options.requestContext]);
          const surroundings = { time: options.now(), region, userAgent, given };
          return assumeRole(options, caller, parameters, surroundings, patch);
        }
        if (operation === "GetCallerIdentity") return callerIdentity(caller);
        throw invalidAction(operation, parameters.Version);
      },
      refuse: refuseInQueryProtocol,
    };
  };
}

function assumeRole(
  options: StsOptions,
  caller: IssuedKeys,
  parameters: QueryParameters,
  surroundings: Surroundings,
  patch: PatchCredentials,
): Answer {
  const input = readAssumeRoleInput(parameters);
  const sessionPolicies = readSessionPolicies(input, options.managedPolicies);
  const { sourceIdentity, transitiveTags } = inherit(caller, input);
  const role = options.findRole(input.roleArn);
  const denial = findDenial({
    caller,
    permissions: options.findPermissions(caller),
    roleArn: input.roleArn,
    roleSessionName: input.roleSessionName,
    trust: role?.trust(options.defaultTrustedPrincipals()),
    externalId: input.externalId,
    sourceIdentity,
    tags: input.tags,
    transitiveTagKeys: input.transitiveTagKeys,
    tagged: input.tags.size > 0 || transitiveTags.size > 0,
    surroundings,
  });
  if (denial !== undefined) {
    throw accessDenied(caller, denial.action, input.roleArn, options.denialContext ? denial : undefined);
  }
  assertDuration(input.duration, caller, role?.maxSessionDuration);
  const identity = roleSessionIdentity("RoleArn", input.roleArn, input.roleSessionName);
  if (!options.regions.isEnabled(identity.accountId, surroundings.region)) throw regionDisabled(identity.accountId);

  const fields = issueRoleSession(options.issued, patch, {
    kind: "role",
    identity,
    expiration: surroundings.time + input.duration * 1000,
    issuedAt: surroundings.time,
    sessionTags: new Map([...caller.transitiveTags, ...input.tags]),
    transitiveTags,
    sessionPolicies,
    sourceIdentity,
  });
  return succeedInQueryProtocol("AssumeRole", [
    ...roleSessionElements(fields),
    element("PackedPolicySize", input.packedPolicySize),
    element("SourceIdentity", sourceIdentity),
  ]);
}

/** STS does not accept keys in a region that is not enabled in their account. */
function assertKeysInRegion(regions: AccountRegions, { identity: { accountId } }: IssuedKeys, region: string): void {
  if (regions.isDisabled(region)) throw regionDisabled(accountId);
  if (regions.isEnabled(accountId, region)) return;
  throw new AwsError(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
}

/** A session's source identity and transitive tags persist through role chaining and cannot be changed. */
function inherit(caller: IssuedKeys, input: AssumeRoleInput) {
  const inherited = [...caller.transitiveTags.keys()].map((key) => key.toLowerCase());
  if ([...input.tags.keys()].some((key) => inherited.includes(key.toLowerCase()))) {
    throw invalidParameter(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const { sourceIdentity = caller.sourceIdentity } = input;
  if (caller.sourceIdentity !== undefined && sourceIdentity !== caller.sourceIdentity) {
    throw new AwsError(400, "ValidationError", "The source identity is already set for this assume role session");
  }
  const transitive = input.transitiveTagKeys.map((key) => key.toLowerCase());
  const own = [...input.tags].filter(([key]) => transitive.includes(key.toLowerCase()));
  return { sourceIdentity, transitiveTags: new Map([...caller.transitiveTags, ...own]) };
}

function assertDuration(seconds: number, caller: IssuedKeys, maxSessionSeconds: number | undefined): void {
  if (caller.kind !== "user" && seconds > ROLE_CHAINING_LIMIT_SECONDS) {
    const message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
    throw new AwsError(400, "ValidationError", message);
  }
  assertMaxSessionDuration(seconds, maxSessionSeconds);
}

function callerIdentity({ identity }: IssuedKeys): Answer {
  return succeedInQueryProtocol("GetCallerIdentity", [
    element("Arn", identity.arn),
    element("UserId", identity.userId),
    element("Account", identity.accountId),
  ]);
}

function accessDenied({ identity }: IssuedKeys, action: string, roleArn: string, context?: TrustDenial): AwsError {
  const message = `User: ${identity.arn} is not authorized to perform: ${action} on resource: ${roleArn}`;
  return new AwsError(403, "AccessDenied", message + (context ? ` ${describeTrustDenial(context)}` : ""));
}

const ARTICLES: Record<TrustDenial["policy"], string> = {
  "identity-based policy": "an",
  "session policy": "a",
  "role trust policy": "the",
};

/** Uses AWS's wording: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function describeTrustDenial({ action, policy, isExplicit }: TrustDenial): string {
  if (!isExplicit) return `because no ${policy} allows the ${action} action`;
  return `with an explicit deny in ${ARTICLES[policy]} ${policy}`;
}

function regionDisabled(accountId: string): AwsError {
  const message = `STS is not activated in this region for account:${accountId}. Your account administrator can activate STS in this region using the IAM Console.`;
  return new AwsError(403, "RegionDisabledException", message);
}

function invalidAction(operation: string, version = "NO_VERSION_SPECIFIED"): AwsError {
  return new AwsError(400, "InvalidAction", `Could not find operation ${operation} for version ${version}`);
}
