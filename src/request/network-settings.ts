import { canonicalJson, sha256 } from "./canonical.js";
import { type ReadByTable, readByTable, type SettingsTable } from "./settings-table.js";
import { conflict, invalid, isGiven, readBoolean, readInteger, variableIn } from "./validation.js";

/**
 * How an instance reaches AWS. It holds for STS and for every client of the instance, and never for the instance metadata
 * service. What is left out is as the SDK has it; see `docs/network.md` in this package.
 */
export interface NetworkSettings {
  /** Milliseconds from the start of a request until its answer begins, the upload included. Default: no limit. */
  requestTimeout?: number | string | null | undefined;
  /** Milliseconds of silence on a connection that is in use, also midway in an answer. Default: as the SDK has it. */
  socketTimeout?: number | string | null | undefined;
  /** Milliseconds until a connection stands; a proxy's answer counts in. Default: no limit; for a proxy's answer 10 s. */
  connectionTimeout?: number | string | null | undefined;
  /**
   * Tries of one request, the first one included, 1 to 100. Authors may set fewer for a client and not more. Default: the
   * SDK's own for clients, and the resolver's `assumeRole.attempts` for STS.
   */
  maxAttempts?: number | string | null | undefined;
  /**
   * `http://[user:password@]host[:port]` or the same with `https`: every connection is made by `CONNECT` through that
   * proxy. User and password are percent-encoded. Default: none; no variable of the environment is read.
   */
  proxy?: string | null | undefined;
  /** Certificates to trust beside those that Node.js trusts: the text of one or more in PEM form. */
  extraCa?: string | null | undefined;
  /**
   * Takes any certificate from AWS's endpoints and from the proxy, so that anybody on the way can read the requests and
   * answer in AWS's place. For a trial in a laboratory; everywhere else set `extraCa`. Default `false`.
   */
  dangerouslyDisableTlsVerification?: boolean | null | undefined;
}

const LONGEST_TIMEOUT = 86_400_000;
const MOST_ATTEMPTS = 100;

const readTimeout = (field: string, value: unknown) => readInteger(field, value, 1, LONGEST_TIMEOUT, "milliseconds");

/** Every setting of the network, and how it is read. */
const NETWORK_SETTINGS = {
  requestTimeout: readTimeout,
  socketTimeout: readTimeout,
  connectionTimeout: readTimeout,
  maxAttempts: (field, value) => readInteger(field, value, 1, MOST_ATTEMPTS, "attempts"),
  proxy: readProxy,
  extraCa: readCertificates,
  dangerouslyDisableTlsVerification: (field, value) => readBoolean(field, value) || undefined,
} satisfies SettingsTable<keyof NetworkSettings>;

/** The same, read. */
export type ReadNetworkSettings = ReadByTable<typeof NETWORK_SETTINGS>;

/** The SDK's own way to AWS. */
export const NO_NETWORK_SETTINGS: ReadNetworkSettings = Object.freeze(
  readByTable("network", undefined, NETWORK_SETTINGS),
);

/** Trust without a check of certificates. */
export const ANYBODY = "anybody";

/** How one instance reaches AWS. Prints no secret: a proxy's password stays inside. */
export class Network {
  /** Tells networks apart in this process. No two processes agree on it. */
  readonly key: string;
  readonly maxAttempts: number | undefined;
  /** Who may pass for AWS beside those that everybody trusts. A part of the session's key: the same in all processes. */
  readonly trust: string | undefined;
  readonly #settings: ReadNetworkSettings;

  constructor(settings: ReadNetworkSettings) {
    const { maxAttempts, extraCa, dangerouslyDisableTlsVerification } = settings;
    this.key = privateHash(canonicalJson(settings));
    this.maxAttempts = maxAttempts;
    this.trust = dangerouslyDisableTlsVerification ? ANYBODY : extraCa && sha256([...extraCa].sort().join());
    this.#settings = settings;
  }

  settings(): ReadNetworkSettings {
    return this.#settings;
  }
}

/** As {@link Network.trust} has it, where no network is set: then Node's own variable decides. */
export function envTrust(env: Record<string, string | undefined>): typeof ANYBODY | undefined {
  return variableIn(env, "NODE_TLS_REJECT_UNAUTHORIZED") === "0" ? ANYBODY : undefined;
}

let salt: string | undefined;

/** Salted, since caches publish their keys, and a proxy's password may be weak enough to be found by its hash. */
function privateHash(text: string): string {
  salt ??= process.getBuiltinModule("node:crypto").randomUUID();
  return sha256(salt + text);
}

/** @returns `undefined` if nothing is set */
export function readNetworkSettings(field: string, value: unknown): Network | undefined {
  const settings = readByTable(field, value, NETWORK_SETTINGS);
  if (settings.extraCa && settings.dangerouslyDisableTlsVerification) {
    throw conflict(
      `${field}.dangerouslyDisableTlsVerification`,
      "is true, and extraCa is set",
      "It makes no certificate count: leave it out.",
    );
  }
  return Object.values(settings).some(isGiven) ? new Network(settings) : undefined;
}

const PROXY = "an http or https URL without path, query or fragment, such as http://proxy.example.com:3128";

/** Errors never show it: it may hold a password. */
export function readProxy(field: string, value: unknown): string | undefined {
  if (!isGiven(value)) return undefined;
  const plain = typeof value === "string" && !/[\s\\?#]/.test(value);
  const url = plain && URL.canParse(value) ? new URL(value) : undefined;
  const isUsable = url && /^https?:$/.test(url.protocol) && url.pathname === "/" && isDecodable(url);
  if (!isUsable) throw invalid(field, value, PROXY);
  return url.href;
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Each certificate as a text of its own, in the order given. */
function readCertificates(field: string, value: unknown): readonly string[] | undefined {
  if (!isGiven(value)) return undefined;
  const found = typeof value === "string" && !value.includes("PRIVATE KEY") ? value.match(CERTIFICATE) : undefined;
  if (found?.every(isCertificate)) return found;
  throw invalid(field, value, "the text of one or more certificates in PEM form, without a key");
}

function isCertificate(pem: string): boolean {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  try {
    return Boolean(new X509Certificate(pem));
  } catch {
    return false;
  }
}
