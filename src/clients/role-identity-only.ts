import { RolecallError } from "../errors.js";
import type { Middleware } from "./sdk-middleware.js";

const FOREIGN_SCHEMES = new Set(["smithy.api#httpBearerAuth", "smithy.api#httpApiKeyAuth"]);

/**
 * Refuses a request that the SDK would sign with something other than the role's session. It does so for a service that
 * takes bearer tokens if the environment holds one (`AWS_BEARER_TOKEN_BEDROCK`), whatever credentials the client has.
 */
export const roleIdentityOnly: Middleware = (next, context) => async (args) => {
  const scheme = context.__smithy_context?.selectedHttpAuthScheme?.httpAuthOption?.schemeId;
  if (scheme === undefined || !FOREIGN_SCHEMES.has(scheme)) return next(args);
  throw new RolecallError("INVALID_REQUEST", `The request would be signed by ${scheme} and not as the role.`, {
    step: "request",
    field: "options.clientConfig",
    hint: "Unset the bearer token in the environment, or set authSchemePreference to sigv4 in clientConfig.",
  });
};
