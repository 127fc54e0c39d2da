import { isRegion } from "./regions.js";
import { conflict } from "./validation.js";

/** Domains of STS in all partitions. `test/request/sts-endpoint-region.test.ts` compares them with the SDK's table. */
const SUFFIX =
  /\.(((amazonaws|api\.amazonwebservices)\.(com|com\.cn|eu))|api\.aws(\.(hci\.)?ic\.gov|\.scloud)?|(c2s|csp\.hci)\.ic\.gov|sc2s\.sgov\.gov|(api\.)?cloud(-aws)?\.adc-e\.uk)$/;
const STS_HOST = /^(?:vpce-[\w-]+\.)?sts(?:-fips)?\.([a-z\d-]+)(?:\.vpce)?$/;

/** @returns `undefined` if the host name of the endpoint does not name a region */
export function readStsHostRegion(hostname: string): string | undefined {
  if (hostname === "sts.amazonaws.com") return "us-east-1"; // the global endpoint, as in the SDK's endpoint rules
  const [, region] = (SUFFIX.test(hostname) && STS_HOST.exec(hostname.replace(SUFFIX, ""))) || [];
  return region !== undefined && isRegion(region) ? region : undefined;
}

/**
 * Refuses an endpoint that is known to be in a different region.
 * @param field the setting of the endpoint
 * @param other the setting of the region
 */
export function assertStsRegion(field: string, hostname: string, region: string | undefined, other: string): void {
  const actual = readStsHostRegion(hostname);
  if (actual === undefined || region === undefined || actual === region) return;
  throw conflict(
    field,
    `is in ${actual}, but ${other} is ${region}`,
    `Set instance.sts.region to ${actual}, or use the STS endpoint of ${region}: AWS rejects a signature for another region.`,
  );
}
