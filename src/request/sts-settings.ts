import { assertConfidential } from "./plain-http.js";
import { readRegion } from "./regions.js";
import { assertStsRegion } from "./sts-endpoint-region.js";
import { conflict, invalid, isGiven, readBoolean, readSettings } from "./validation.js";

/** Where STS is asked. What is left out follows from the role and the region. */
export interface StsSettings {
  /** Region of the STS endpoint. Default: that in the name of `endpoint`; else see `docs/precedence-and-validation.md` in this package. */
  region?: string;
  /**
   * Another endpoint, such as an interface VPC endpoint: `https`, or `http` on the loopback interface.
   * `dangerouslyAllowPlainHttp` of the instance allows `http` elsewhere.
   */
  endpoint?: string;
  /** Default `false`. Not together with `endpoint`. */
  useFipsEndpoint?: boolean;
  /** Default `false`. Not together with `endpoint`. */
  useDualstackEndpoint?: boolean;
}

/** The same, read. */
export interface ParsedStsSettings {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly useFipsEndpoint: true | undefined;
  readonly useDualstackEndpoint: true | undefined;
}

/** @param plainHttp whether any host may be asked over plain http */
export function readStsSettings(field: string, value: unknown, plainHttp: boolean): ParsedStsSettings {
  const settings = readSettings(field, value, ["region", "endpoint", "useFipsEndpoint", "useDualstackEndpoint"]);
  const region = readRegion(`${field}.region`, settings.region);
  const endpoint = readStsEndpoint(`${field}.endpoint`, settings.endpoint, plainHttp);
  const useFipsEndpoint = readBoolean(`${field}.useFipsEndpoint`, settings.useFipsEndpoint);
  const useDualstackEndpoint = readBoolean(`${field}.useDualstackEndpoint`, settings.useDualstackEndpoint);
  if (endpoint && (useFipsEndpoint || useDualstackEndpoint)) {
    throw conflict(
      `${field}.endpoint`,
      "is set together with useFipsEndpoint or useDualstackEndpoint",
      "Name the FIPS or dual-stack endpoint itself, or leave the endpoint out.",
    );
  }
  if (endpoint) assertStsRegion(`${field}.endpoint`, new URL(endpoint).hostname, region, `${field}.region`);
  // Each with a value or `undefined` of its own: what is left out would be inherited.
  return {
    region,
    endpoint,
    useFipsEndpoint: useFipsEndpoint || undefined,
    useDualstackEndpoint: useDualstackEndpoint || undefined,
  };
}

export function readStsEndpoint(field: string, value: unknown, plainHttp = false): string | undefined {
  if (!isGiven(value)) return undefined;
  const plain = typeof value === "string" && !/[\s\\@?#]/.test(value);
  const url = plain && URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^https?:$/.test(url.protocol)) {
    if (!plainHttp) assertConfidential(url, field);
    return url.href;
  }
  const allowed = "an https URL, or an http URL on the loopback interface, without user, query or fragment";
  throw invalid(field, value, allowed, { sensitive: !isPlainUrl(value) });
}

/** Whether an error may show it: it has no user, password or query, and is no JSON. */
export function isPlainUrl(value: unknown): boolean {
  return typeof value === "string" && /^[\w\s.:/[\]\\-]*$/.test(value);
}
