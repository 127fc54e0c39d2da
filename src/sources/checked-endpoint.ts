import type { Middleware } from "../clients/sdk-middleware.js";
import { assertConfidential } from "../request/plain-http.js";
import { assertStsRegion } from "../request/sts-endpoint-region.js";

/**
 * Refuses an endpoint that others can listen to, since the answer is a set of credentials, and one of another region than
 * the signature's. The SDK takes `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL` and its configuration file as they come.
 * @param plainHttp whether others may listen
 */
export function checkedEndpoint(region: () => Promise<string>, plainHttp: boolean): Middleware {
  return (next) => async (args) => {
    const endpoint = args.request as { protocol: string; hostname: string };
    if (!plainHttp) assertConfidential(endpoint);
    assertStsRegion("AWS_ENDPOINT_URL", endpoint.hostname, await region(), "the region of STS");
    return next(args);
  };
}
