import { assertConfidential } from "./plain-http.js";
import { readRegion } from "./regions.js";
import { type ReadByTable, readByTable, type SettingsTable } from "./settings-table.js";
import { assertStsRegion } from "./sts-endpoint-region.js";
import { conflict, invalid, isGiven, readBoolean } from "./validation.js";

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

/** Every setting of STS, and how it is read. `plainHttp`: whether any host may be asked over plain http. */
const stsSettings = (plainHttp: boolean) =>
  ({
    region: readRegion,
    endpoint: (field, value) => readStsEndpoint(field, value, plainHttp),
    useFipsEndpoint: (field, value) => readBoolean(field, value) || undefined,
    useDualstackEndpoint: (field, value) => readBoolean(field, value) || undefined,
  }) satisfies SettingsTable<keyof StsSettings>;

/** The same, read. */
export type ReadStsSettings = ReadByTable<ReturnType<typeof stsSettings>>;

/** @param plainHttp whether any host may be asked over plain http */
export function readStsSettings(field: string, value: unknown, plainHttp: boolean): ReadStsSettings {
  const settings = readByTable(field, value, stsSettings(plainHttp));
  const { region, endpoint, useFipsEndpoint, useDualstackEndpoint } = settings;
  if (endpoint && (useFipsEndpoint || useDualstackEndpoint)) {
    throw conflict(
      `${field}.endpoint`,
      "is set together with useFipsEndpoint or useDualstackEndpoint",
      "Name the FIPS or dual-stack endpoint itself, or leave the endpoint out.",
    );
  }
  if (endpoint) assertStsRegion(`${field}.endpoint`, new URL(endpoint).hostname, region, `${field}.region`);
  return settings;
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
