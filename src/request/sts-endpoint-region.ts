import { isRegion } from "./regions.js";
import { conflict } from "./validation.js";

/** Where the SDK finds STS, by partition. `test/request/sts-endpoint-region.test.ts` holds this against the SDK's table. */
const SUFFIX =
  /\.(((amazonaws|api\.amazonwebservices)\.(com|com\.cn|eu))|api\.aws(\.(hci\.)?ic\.gov|\.scloud)?|(c2s|csp\.hci)\.ic\.gov|sc2s\.sgov\.gov|(api\.)?cloud(-aws)?\.adc-e\.uk)$/;
const STS_HOST = /^(?:vpce-[\w-]+\.)?sts(?:-fips)?\.([a-z\d-]+)(?:\.vpce)?$/;
/** The endpoint without a region takes signatures for this one, as the SDK's rules have it. */
const GLOBAL = { host: "sts.amazonaws.com", region: "us-east-1" };

/** The region of an STS endpoint, if its name tells one. */
export function readStsHostRegion(hostname: string): string | undefined {
  if (hostname === GLOBAL.host) return GLOBAL.region;
  const [, region] = (SUFFIX.test(hostname) && STS_HOST.exec(hostname.replace(SUFFIX, ""))) || [];
  return region !== undefined && isRegion(region) ? region : undefined;
}

/**
 * @param field what names the endpoint
 * @param other what names the region
 * @throws RolecallError `INVALID_REQUEST` for an endpoint that is known to be in another region
 */
export function assertStsRegion(field: string, hostname: string, region: string | undefined, other: string): void {
  const own = readStsHostRegion(hostname);
  if (own === undefined || region === undefined || own === region) return;
  throw conflict(
    field,
    `is in ${own}, and ${other} is ${region}`,
    `AWS takes no signature for another region: set instance.sts.region to ${own}, or name the endpoint of ${region}.`,
  );
}
