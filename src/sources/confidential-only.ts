import type { Middleware } from "../clients/sdk-middleware.js";
import { assertConfidential } from "../request/plain-http.js";

/**
 * Refuses to ask STS over a connection that others can read: its answer is a set of credentials. The SDK takes
 * `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` and its configuration file as they come.
 */
export const confidentialOnly: Middleware = (next) => async (args) => {
  assertConfidential(args.request as { protocol: string; hostname: string });
  return next(args);
};
