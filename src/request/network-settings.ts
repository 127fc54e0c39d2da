import { canonicalJson, publishedHash, sha256 } from "./canonical.js";
import { createSettingsReader, type ReadByTable, type SettingsTable } from "./settings-table.js";
import { conflict, invalid, isGiven, parseHttpUrl, readFlag, readInteger, variableIn } from "./validation.js";

/**
 * How an instance reaches AWS. Applies to STS and to every client of the instance, never to the instance metadata service.
 * Anything you leave out keeps the SDK's default; see `docs/network.md` in this package.
 */
export interface NetworkSettings {
  /** Milliseconds from the start of a request to the first byte of the response, including the upload. Default: no limit. */
  requestTimeout?: number | string | null | undefined;
  /** Milliseconds of silence on a connection in use, including in the middle of a response. Default: the SDK's. */
  socketTimeout?: number | string | null | undefined;
  /** Milliseconds to connect, including the proxy's response. Default: no limit, but 10 s for the proxy's response. */
  connectionTimeout?: number | string | null | undefined;
  /**
   * Attempts per request, including the first: 1 to 100. Authors can set fewer for a client, but not more. Default: the
   * SDK's default for clients, and the resolver's `assumeRole.attempts` for STS.
   */
  maxAttempts?: number | string | null | undefined;
  /**
   * `http://[user:password@]host[:port]`, or the same with `https`. Every connection uses this proxy with `CONNECT`.
   * Percent-encode the user and password. Default: no proxy; proxy variables in the environment are ignored.
   */
  proxy?: string | null | undefined;
  /** CA certificates to trust in addition to those that Node.js trusts: one or more, in PEM format. */
  extraCa?: string | null | undefined;
  /**
   * Accepts any certificate from AWS's endpoints and from the proxy, so that anyone on the network path can read requests
   * and impersonate AWS. Use it only in a lab; everywhere else, set `extraCa`. Default `false`.
   */
  dangerouslyDisableTlsVerification?: boolean | null | undefined;
}

const readTimeout = (field: string, value: unknown) => readInteger(field, value, 1, 86_400_000, "milliseconds");

const NETWORK_SETTINGS = {
  requestTimeout: readTimeout,
  socketTimeout: readTimeout,
  connectionTimeout: readTimeout,
  maxAttempts: (field, value) => readInteger(field, value, 1, 100, "attempts"),
  proxy: readProxy,
  extraCa: readCertificates,
  dangerouslyDisableTlsVerification: readFlag,
} satisfies SettingsTable<keyof NetworkSettings>;

const readSettings = createSettingsReader(NETWORK_SETTINGS);

/** Validated {@link NetworkSettings}. */
export type ParsedNetworkSettings = ReadByTable<typeof NETWORK_SETTINGS>;

/** The SDK's defaults. */
export const NO_NETWORK_SETTINGS = readSettings("network");

/** {@link Network.trust} of a network that does not verify certificates. */
export const ANYBODY = "anybody";

/** How one instance reaches AWS. Settings are private, so that printing it does not show a proxy's password. */
export class Network {
  /** Identifies the network within this process. Differs from process to process. */
  readonly key: string;
  readonly maxAttempts: number | undefined;
  /** Fingerprint of extra trusted CAs, or {@link ANYBODY}. Part of the session's key, so it is the same in every process. */
  readonly trust: string | undefined;
  readonly #settings: ParsedNetworkSettings;

  constructor(settings: ParsedNetworkSettings) {
    const { maxAttempts, extraCa, dangerouslyDisableTlsVerification } = settings;
    this.key = publishedHash(canonicalJson(settings)); // keyed, because a weak proxy password could be guessed from a plain hash
    this.maxAttempts = maxAttempts;
    this.trust = dangerouslyDisableTlsVerification ? ANYBODY : extraCa && sha256([...extraCa].sort().join());
    this.#settings = settings;
  }

  settings(): ParsedNetworkSettings {
    return this.#settings;
  }
}

/** The {@link Network.trust} of an instance without network settings, which depends on a Node.js variable. */
export function envTrust(env: Record<string, string | undefined>): typeof ANYBODY | undefined {
  return variableIn(env, "NODE_TLS_REJECT_UNAUTHORIZED") === "0" ? ANYBODY : undefined;
}

/** @returns `undefined` if nothing is set */
export function readNetworkSettings(field: string, value: unknown): Network | undefined {
  if (!isGiven(value)) return undefined;
  const settings = readSettings(field, value);
  if (settings.extraCa && settings.dangerouslyDisableTlsVerification) {
    throw conflict(
      `${field}.dangerouslyDisableTlsVerification`,
      "is true, but extraCa is set",
      "Leave it out: it disables verification, so extraCa has no effect.",
    );
  }
  return Object.values(settings).some(isGiven) ? new Network(settings) : undefined;
}

const PROXY = "an http or https URL without path, query or fragment, such as http://proxy.example.com:3128";

/** Errors never show the value, because it may contain a password. */
export function readProxy(field: string, value: unknown): string | undefined {
  if (!isGiven(value)) return undefined;
  const url = parseHttpUrl(value, /[\s\\?#]/);
  const isUsable = url && url.pathname === "/" && succeeds(() => decodeURIComponent(url.username + url.password));
  if (!isUsable) throw invalid(field, value, PROXY);
  return url.href;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @returns one string per certificate, in the order given */
function readCertificates(field: string, value: unknown): readonly string[] | undefined {
  if (!isGiven(value)) return undefined;
  const found = typeof value === "string" && !value.includes("PRIVATE KEY") ? value.match(CERTIFICATE) : undefined;
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  if (found?.every((pem) => succeeds(() => new X509Certificate(pem)))) return found;
  throw invalid(field, value, "one or more certificates in PEM format, without a private key");
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
