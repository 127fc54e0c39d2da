import type { RoleIdentity } from "./role-identity.js";
import type { Middleware } from "./sdk-middleware.js";

/**
 * Removes the session token and the secret key from errors, because a service may repeat what it received. For example, S3
 * returns a rejected token as `Token-0`, and the whole signed request if the signature does not match.
 */
export function withholdSecrets(identity: Pick<RoleIdentity, "secrets">): Middleware {
  return (next, context) => async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const { secretAccessKey, sessionToken } = context.__smithy_context?.selectedHttpAuthScheme?.identity ?? {};
      const { Redaction } = await import("./redaction.js"); // loaded only when an error occurs
      throw new Redaction([...identity.secrets(), secretAccessKey, sessionToken]).thrown(error);
    }
  };
}
