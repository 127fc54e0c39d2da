import { AwsError } from "./aws-error.js";
import { type OidcIssuer, readTokenPayload, type TokenPayload } from "./oidc-issuer.js";

/** The verified claims of a web identity token. */
export interface WebIdentity {
  readonly subject: string;
  /** The audience of the token that the provider accepts. */
  readonly audience: string;
}

/**
 * Verifies a token as STS does: its provider, signature, claims, expiry and audience.
 * @throws AwsError if STS would reject it
 */
export function verifyWebIdentityToken(token: string, issuer: OidcIssuer, now: number): WebIdentity {
  const payload = readTokenPayload(token);
  if (payload === undefined) {
    throw invalidToken(
      "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    );
  }
  const { iss } = payload;
  if (iss !== issuer.url) throw invalidToken(`No OpenIDConnect provider found in your account for ${iss}`);
  if (!issuer.isSigner(token)) {
    throw invalidToken(
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  }
  const { sub, aud, exp } = payload;
  if (typeof sub !== "string" || sub === "") throw missingClaim("sub");
  if (typeof exp !== "number") throw missingClaim("exp");
  assertNotExpired(exp, now);
  const audience = listAudiences(aud).find((one) => issuer.audiences.includes(one));
  if (audience === undefined) throw invalidToken("Incorrect token audience");
  return { subject: sub, audience };
}

function assertNotExpired(expiration: number, now: number): void {
  const seconds = Math.floor(now / 1000);
  if (seconds < expiration) return;
  const message = `Token expired: current date/time ${seconds} must be before the expiration date/time ${expiration}`;
  throw new AwsError(400, "ExpiredTokenException", message);
}

function listAudiences(aud: TokenPayload[string]): readonly string[] {
  const list: unknown[] = [aud].flat();
  const audiences = list.filter((one) => typeof one === "string");
  if (audiences.length === 0) throw missingClaim("aud");
  return audiences;
}

function missingClaim(name: string): AwsError {
  return invalidToken(`Missing a required claim: ${name}`);
}

function invalidToken(message: string): AwsError {
  return new AwsError(400, "InvalidIdentityToken", message);
}
