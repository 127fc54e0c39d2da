import type { Middleware } from "../clients/sdk-middleware.js";
import { assertConfidential } from "../request/plain-http.js";
import { assertStsRegion } from "../request/sts-endpoint-region.js";

/**
 * Rejects an endpoint without TLS, because the response contains credentials, and an endpoint in another region than the
 * signature. The SDK does not check `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` and its configuration file.
 * @param plainHttp whether an endpoint without TLS is allowed
 */
export function checkedEndpoint(region: () => Promise<string>, plainHttp: boolean): Middleware {
  return (next) => async (args) => {
    const endpoint = args.request as { protocol: string; hostname: string };
    if (!plainHttp) assertConfidential(endpoint);
    assertStsRegion("AWS_ENDPOINT_URL", endpoint.hostname, await region(), "the region of STS");
    return next(args);
  };
}
