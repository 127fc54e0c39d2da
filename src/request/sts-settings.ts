import { assertConfidential } from "./plain-http.js";
import { readRegion } from "./regions.js";
import { assertStsRegion } from "./sts-endpoint-region.js";
import { conflict, invalid, isGiven, readBoolean, readSettings } from "./validation.js";

/** Which STS endpoint to call. Anything you leave out follows from the role and the region. */
export interface StsSettings {
  /** Region of the STS endpoint. Default: the region in the host name of `endpoint`; if it has none, see `docs/precedence-and-validation.md` in this package. */
  region?: string;
  /**
   * A custom endpoint, such as an interface VPC endpoint: `https`, or `http` on the loopback interface.
   * To use `http` elsewhere, set the instance's `dangerouslyAllowPlainHttp`.
   */
  endpoint?: string;
  /** Default `false`. Cannot be combined with `endpoint`. */
  useFipsEndpoint?: boolean;
  /** Default `false`. Cannot be combined with `endpoint`. */
  useDualstackEndpoint?: boolean;
}

/** Validated {@link StsSettings}. */
export interface ParsedStsSettings {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly useFipsEndpoint: true | undefined;
  readonly useDualstackEndpoint: true | undefined;
}

/** @param plainHttp whether `http` is allowed for any host */
export function readStsSettings(field: string, value: unknown, plainHttp: boolean): ParsedStsSettings {
  const settings = readSettings(field, value, ["region", "endpoint", "useFipsEndpoint", "useDualstackEndpoint"]);
  const region = readRegion(`${field}.region`, settings.region);
  const endpoint = readStsEndpoint(`${field}.endpoint`, settings.endpoint, plainHttp);
  const useFipsEndpoint = readBoolean(`${field}.useFipsEndpoint`, settings.useFipsEndpoint);
  const useDualstackEndpoint = readBoolean(`${field}.useDualstackEndpoint`, settings.useDualstackEndpoint);
  if (endpoint && (useFipsEndpoint || useDualstackEndpoint)) {
    throw conflict(
      `${field}.endpoint`,
      "cannot be combined with useFipsEndpoint or useDualstackEndpoint",
      "Set endpoint to the FIPS or dual-stack endpoint, or leave it out.",
    );
  }
  if (endpoint) assertStsRegion(`${field}.endpoint`, new URL(endpoint).hostname, region, `${field}.region`);
  // Every key is set, if only to `undefined`: a missing one would be inherited from a polluted `Object.prototype`.
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

/** Whether an error may show the value: it contains no user, password, query or JSON. */
export function isPlainUrl(value: unknown): boolean {
  return typeof value === "string" && /^[\w\s.:/[\]\\-]*$/.test(value);
}
