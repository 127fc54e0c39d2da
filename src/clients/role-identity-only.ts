import { RolecallError } from "../errors.js";
import type { Middleware } from "./sdk-middleware.js";

const FOREIGN_SCHEMES = new Set(["smithy.api#httpBearerAuth", "smithy.api#httpApiKeyAuth"]);

/**
 * Refuses a request that the SDK would sign with something other than the role's session: a bearer token, which a service
 * that takes one finds in the environment (`AWS_BEARER_TOKEN_BEDROCK`) whatever credentials the client has; or keys that
 * a runtime extension, or a client class that overlooks its configuration, put in the place of ours.
 */
export function roleIdentityOnly(isOwn: (accessKeyId: string) => boolean): Middleware {
  return (next, context) => async (args) => {
    const { httpAuthOption, identity } = context.__smithy_context?.selectedHttpAuthScheme ?? {};
    const scheme = httpAuthOption?.schemeId;
    if (scheme !== undefined && FOREIGN_SCHEMES.has(scheme)) {
      throw refusal(
        `by ${scheme}`,
        "Unset the bearer token in the environment, or set authSchemePreference to sigv4 in clientConfig.",
      );
    }
    if (identity?.accessKeyId !== undefined && !isOwn(identity.accessKeyId)) {
      throw refusal(
        `with the access key ${identity.accessKeyId}`,
        "Look for credentials that the client's class or an extension in clientConfig sets, and leave them out.",
      );
    }
    return next(args);
  };
}

function refusal(how: string, hint: string): RolecallError {
  return new RolecallError("INVALID_REQUEST", `The request would be signed ${how} and not as the role.`, {
    step: "request",
    field: "options.clientConfig",
    hint,
  });
}
