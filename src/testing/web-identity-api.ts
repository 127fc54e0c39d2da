import { assertConstraints, checkLength, checkPresent, readAssumeRoleInput } from "./assume-role-input.js";
import { AwsError } from "./aws-error.js";
import { element } from "./aws-xml.js";
import type { Answer, PatchCredentials } from "./exchange.js";
import { WEB_IDENTITY_ACTION } from "./iam-policy.js";
import { reaches } from "./iam-principal.js";
import type { IssuedSessions } from "./issued-sessions.js";
import type { KnownRole } from "./local-role.js";
import type { OidcIssuer } from "./oidc-issuer.js";
import { readParameters, readWebIdentityToken, succeedInQueryProtocol } from "./query-protocol.js";
import { type RequestContext, webIdentityContext } from "./request-context.js";
import { assertRoleArn, roleSessionIdentity } from "./role-identity.js";
import { assertMaxSessionDuration, issueRoleSession, roleSessionElements } from "./role-session.js";
import type { WireRequest } from "./sigv4-verification.js";
import { verifyWebIdentityToken } from "./web-identity-token.js";

export const WEB_IDENTITY_OPERATION = "AssumeRoleWithWebIdentity";

export interface WebIdentityOptions {
  issued: IssuedSessions;
  now: () => number;
  oidcIssuer: OidcIssuer;
  findRole(roleArn: string): KnownRole | undefined;
  /** The condition keys that the test has set. */
  requestContext: RequestContext;
}

/** AssumeRoleWithWebIdentity. The token says who calls; STS ignores a signature. */
export function assumeRoleWithWebIdentity(
  options: WebIdentityOptions,
  request: WireRequest,
  patch: PatchCredentials,
): Answer {
  const { issued, oidcIssuer } = options;
  const time = options.now();
  const input = readAssumeRoleInput(readParameters(request));
  const token = readWebIdentityToken(request);
  assertConstraints([...checkPresent("webIdentityToken", token), ...checkLength("webIdentityToken", token, 4, 20_000)]);
  const { subject, audience } = verifyWebIdentityToken(token ?? "", oidcIssuer, time);

  const { roleArn, roleSessionName } = input;
  const role = options.findRole(roleArn);
  const { accountId, partition } = assertRoleArn("RoleArn", roleArn);
  const provider = oidcIssuer.providerArn(accountId, partition);
  const context = webIdentityContext({
    issuer: oidcIssuer.name,
    subject,
    audience,
    roleArn,
    roleSessionName,
    userAgent: request.headers["user-agent"]?.[0],
    time,
    given: options.requestContext,
  });
  const trusting = (role?.trust([]) ?? []).filter(
    ({ principals, covers }) =>
      reaches(principals, "Federated", provider) && covers({ action: WEB_IDENTITY_ACTION, roleArn, context }),
  );
  if (trusting.length === 0 || trusting.some(({ effect }) => effect === "Deny")) {
    throw new AwsError(403, "AccessDenied", `Not authorized to perform ${WEB_IDENTITY_ACTION}`);
  }
  assertMaxSessionDuration(input.duration, role?.maxSessionDuration);

  const fields = issueRoleSession(issued, patch, {
    kind: "role",
    identity: roleSessionIdentity("RoleArn", roleArn, roleSessionName),
    expiration: time + input.duration * 1000,
    issuedAt: time,
  });
  return succeedInQueryProtocol(WEB_IDENTITY_OPERATION, [
    element("SubjectFromWebIdentityToken", subject),
    element("Audience", audience),
    element("Provider", provider),
    ...roleSessionElements(fields),
    element("PackedPolicySize", input.packedPolicySize),
  ]);
}
