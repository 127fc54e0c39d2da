import type { Middleware } from "../clients/sdk-middleware.js";
import { assertConfidential } from "../request/plain-http.js";
import { assertStsRegion } from "../request/sts-endpoint-region.js";

/**
 * Checks an endpoint from `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` or the SDK's configuration file. It must be in the
 * right region. Unless `plainHttp` is set, it must also use TLS, because the response contains credentials.
 */
export function checkedEndpoint(region: () => Promise<string>, plainHttp: boolean): Middleware {
  return (next) => async (args) => {
    const endpoint = args.request as { protocol: string; hostname: string };
    if (!plainHttp) assertConfidential(endpoint);
    assertStsRegion("AWS_ENDPOINT_URL", endpoint.hostname, await region(), "the region of STS");
    return next(args);
  };
}
