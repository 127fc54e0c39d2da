import { assertConfidential } from "./plain-http.js";
import { readRegion } from "./regions.js";
import { createSettingsReader, type ReadByTable, type SettingsTable } from "./settings-table.js";
import { assertStsRegion } from "./sts-endpoint-region.js";
import { conflict, invalid, isGiven, parseHttpUrl, readFlag } from "./validation.js";

/** Which STS endpoint to call. Anything you leave out is derived from the role and the region. */
export interface StsSettings {
  /**
   * Region of the STS endpoint. Default: the region in the host name of `endpoint`; if it has none, see
   * `docs/precedence-and-validation.md` in this package.
   */
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

const STS_SETTINGS = {
  region: readRegion,
  endpoint: readStsEndpoint,
  useFipsEndpoint: readFlag,
  useDualstackEndpoint: readFlag,
} satisfies SettingsTable<keyof StsSettings>;

const readSettings = createSettingsReader(STS_SETTINGS);

/** Validated {@link StsSettings}. */
export type ParsedStsSettings = ReadByTable<typeof STS_SETTINGS>;

/** @param plainHttp whether `http` is allowed for any host */
export function readStsSettings(field: string, value: unknown, plainHttp: boolean): ParsedStsSettings {
  const settings = readSettings(field, value);
  const { region, endpoint, useFipsEndpoint, useDualstackEndpoint } = settings;
  if (endpoint && (useFipsEndpoint || useDualstackEndpoint)) {
    throw conflict(
      `${field}.endpoint`,
      "cannot be combined with useFipsEndpoint or useDualstackEndpoint",
      "Set endpoint to the FIPS or dual-stack endpoint, or leave it out.",
    );
  }
  if (endpoint) {
    const url = new URL(endpoint);
    if (!plainHttp) assertConfidential(url, `${field}.endpoint`);
    assertStsRegion(`${field}.endpoint`, url.hostname, region, `${field}.region`);
  }
  return settings;
}

/** @returns the endpoint, which may use plain http */
export function readStsEndpoint(field: string, value: unknown): string | undefined {
  if (!isGiven(value)) return undefined;
  const url = parseHttpUrl(value, /[\s\\@?#]/);
  if (url) return url.href;
  const allowed = "an https URL, or an http URL on the loopback interface, without user, query or fragment";
  throw invalid(field, value, allowed, { sensitive: !isPlainUrl(value) });
}

/** Whether an error may show the value: it contains no user, password, query or JSON. */
export function isPlainUrl(value: unknown): boolean {
  return typeof value === "string" && /^[\w\s.:/[\]\\-]*$/.test(value);
}
