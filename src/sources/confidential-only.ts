import type { Middleware } from "../clients/sdk-middleware.js";
import { RolecallError } from "../errors.js";
import { isConfidential } from "../request/sts-settings.js";

/**
 * Refuses to ask STS over a connection that others can read: its answer is a set of credentials. The SDK takes
 * `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` and its configuration file as they come.
 */
export const confidentialOnly: Middleware = (next) => async (args) => {
  const request = args.request as { protocol: string; hostname: string };
  if (isConfidential(request)) return next(args);
  throw new RolecallError("INVALID_REQUEST", `STS would be asked over ${request.protocol}//${request.hostname}.`, {
    step: "request",
    field: "AWS_ENDPOINT_URL",
    hint: "Use https, or http on the loopback interface; in a test, pass a client of your own as stsClient.",
  });
};
