import { assertConstraints, checkLength, checkPresent, readAssumeRoleInput } from "./assume-role-input.js";
import { AwsError } from "./aws-error.js";
import { element } from "./aws-xml.js";
import type { Answer, PatchCredentials } from "./exchange.js";
import type { IssuedSessions } from "./issued-sessions.js";
import type { KnownRole } from "./local-role.js";
import type { OidcIssuer } from "./oidc-issuer.js";
import { readParameters, readWebIdentityToken, succeedInQueryProtocol } from "./query-protocol.js";
import { type RequestContext, webIdentityContext } from "./request-context.js";
import { assertRoleArn, roleSessionIdentity } from "./role-identity.js";
import { assertMaxSessionDuration, issueRoleSession, roleSessionElements } from "./role-session.js";
import { type ManagedPolicies, readSessionPolicies } from "./session-policies.js";
import type { WireRequest } from "./sigv4-verification.js";
import { trusts } from "./trust.js";
import { verifyWebIdentityToken } from "./web-identity-token.js";

export const WEB_IDENTITY_OPERATION = "AssumeRoleWithWebIdentity";
const WEB_IDENTITY_ACTION = `sts:${WEB_IDENTITY_OPERATION}`;

export interface WebIdentityOptions {
  issued: IssuedSessions;
  now: () => number;
  oidcIssuer: OidcIssuer;
  findRole(roleArn: string): KnownRole | undefined;
  managedPolicies: ManagedPolicies;
  /** The condition keys that the test has set. */
  requestContext: RequestContext;
}

/** AssumeRoleWithWebIdentity. The token identifies the caller; STS ignores a signature. */
export function assumeRoleWithWebIdentity(
  options: WebIdentityOptions,
  request: WireRequest,
  patch: PatchCredentials,
): Answer {
  const { issued, oidcIssuer } = options;
  const time = options.now();
  const input = readAssumeRoleInput(readParameters(request));
  const sessionPolicies = readSessionPolicies(input, options.managedPolicies);
  const token = readWebIdentityToken(request);
  assertConstraints([...checkPresent("webIdentityToken", token), ...checkLength("webIdentityToken", token, 4, 20_000)]);
  const identity = verifyWebIdentityToken(token ?? "", oidcIssuer, time);

  const { roleArn, roleSessionName } = input;
  const role = options.findRole(roleArn);
  const { accountId, partition } = assertRoleArn("RoleArn", roleArn);
  const provider = oidcIssuer.providerArn(accountId, partition);
  const context = webIdentityContext({
    issuer: oidcIssuer.name,
    ...identity,
    roleArn,
    roleSessionName,
    userAgent: request.headers["user-agent"]?.[0],
    time,
    given: options.requestContext,
  });
  if (!trusts(role?.trust([]) ?? [], "Federated", provider, { action: WEB_IDENTITY_ACTION, roleArn, context })) {
    throw new AwsError(403, "AccessDenied", `Not authorized to perform ${WEB_IDENTITY_ACTION}`);
  }
  assertMaxSessionDuration(input.duration, role?.maxSessionDuration);

  const fields = issueRoleSession(issued, patch, {
    kind: "role",
    identity: roleSessionIdentity("RoleArn", roleArn, roleSessionName),
    expiration: time + input.duration * 1000,
    issuedAt: time,
    sessionPolicies,
  });
  return succeedInQueryProtocol(WEB_IDENTITY_OPERATION, [
    element("SubjectFromWebIdentityToken", identity.subject),
    element("Audience", identity.audience),
    element("Provider", provider),
    ...roleSessionElements(fields),
    element("PackedPolicySize", input.packedPolicySize),
  ]);
}
