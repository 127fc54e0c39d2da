import type { RoleIdentity } from "./role-identity.js";
import type { Middleware } from "./sdk-middleware.js";

/**
 * Takes the session token and the secret key out of an error. A service may repeat what it was sent: S3 answers a token
 * that it refuses as `Token-0`, and the whole signed request, as text and as bytes, where a signature does not match.
 */
export function withholdSecrets(identity: Pick<RoleIdentity, "secrets">): Middleware {
  return (next, context) => async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const { secretAccessKey, sessionToken } = context.__smithy_context?.selectedHttpAuthScheme?.identity ?? {};
      const { Redaction } = await import("./redaction.js"); // few commands need it
      throw new Redaction([...identity.secrets(), secretAccessKey, sessionToken]).thrown(error);
    }
  };
}
