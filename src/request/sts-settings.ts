import { assertConfidential } from "./plain-http.js";
import { readRegion } from "./regions.js";
import { type ReadByTable, readByTable, type SettingsTable } from "./settings-table.js";
import { assertStsRegion } from "./sts-endpoint-region.js";
import { conflict, invalid, isGiven, parseHttpUrl, readFlag } from "./validation.js";

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

const stsSettings = (plainHttp: boolean) =>
  ({
    region: readRegion,
    endpoint: (field, value) => readStsEndpoint(field, value, plainHttp),
    useFipsEndpoint: readFlag,
    useDualstackEndpoint: readFlag,
  }) satisfies SettingsTable<keyof StsSettings>;

/** Validated {@link StsSettings}. */
export type ParsedStsSettings = ReadByTable<ReturnType<typeof stsSettings>>;

/** @param plainHttp whether `http` is allowed for any host */
export function readStsSettings(field: string, value: unknown, plainHttp: boolean): ParsedStsSettings {
  const settings = readByTable(field, value, stsSettings(plainHttp));
  const { region, endpoint, useFipsEndpoint, useDualstackEndpoint } = settings;
  if (endpoint && (useFipsEndpoint || useDualstackEndpoint)) {
    throw conflict(
      `${field}.endpoint`,
      "cannot be combined with useFipsEndpoint or useDualstackEndpoint",
      "Set endpoint to the FIPS or dual-stack endpoint, or leave it out.",
    );
  }
  if (endpoint) assertStsRegion(`${field}.endpoint`, new URL(endpoint).hostname, region, `${field}.region`);
  return settings;
}

export function readStsEndpoint(field: string, value: unknown, plainHttp = false): string | undefined {
  if (!isGiven(value)) return undefined;
  const url = parseHttpUrl(value, /[\s\\@?#]/);
  if (url) {
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
