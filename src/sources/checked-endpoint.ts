import type { Middleware } from "../clients/sdk-middleware.js";
import { assertConfidential } from "../request/plain-http.js";
import { assertStsRegion } from "../request/sts-endpoint-region.js";

/**
 * Rejects an endpoint from `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` or the SDK's configuration file that has no TLS
 * (unless `plainHttp` allows it), because the response contains credentials, or that is in a different region.
 */
export function checkedEndpoint(region: () => Promise<string>, plainHttp: boolean): Middleware {
  return (next) => async (args) => {
    const endpoint = args.request as { protocol: string; hostname: string };
    if (!plainHttp) assertConfidential(endpoint);
    assertStsRegion("AWS_ENDPOINT_URL", endpoint.hostname, await region(), "the region of STS");
    return next(args);
  };
}
