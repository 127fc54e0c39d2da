import type tls from "node:tls";
import type { ParsedNetworkSettings } from "../request/network-settings.js";

/** Does not limit sockets in use, because `SocketShares` limits each identity. Limits idle sockets per host. */
const POOL = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 50 } as const;

export interface Trust {
  /** Always set, because otherwise `NODE_TLS_REJECT_UNAUTHORIZED` would apply to each new connection of the pool. */
  readonly rejectUnauthorized: boolean;
  readonly secureContext?: tls.SecureContext;
}

/** The options of the class's default handler that this file uses. */
export interface HandlerDefaults {
  readonly httpsAgent?: unknown;
  readonly nodeHttp2ConnectOptions?: object;
}

/** Options for the SDK's HTTP/1.1 handler. */
export async function http1Options(settings: ParsedNetworkSettings, defaults: HandlerDefaults): Promise<object> {
  const { requestTimeout, socketTimeout, connectionTimeout, proxy } = settings;
  const trust = toTrust(settings);
  return {
    ...defaults,
    ...(requestTimeout !== undefined && { requestTimeout, throwOnRequestTimeout: true }),
    ...(socketTimeout !== undefined && { socketTimeout }),
    ...(connectionTimeout !== undefined && { connectionTimeout }),
    ...(proxy === undefined
      ? directAgents(trust, defaults.httpsAgent)
      : (await import("./proxy-agents.js")).proxyAgents(proxy, POOL, trust, connectionTimeout)),
  };
}

/** Options for the SDK's HTTP/2 handler. Its only timeout is a stream's idle timeout, which includes connecting. */
export async function http2Options(settings: ParsedNetworkSettings, defaults: HandlerDefaults): Promise<object> {
  const { requestTimeout = Number.POSITIVE_INFINITY, socketTimeout = Number.POSITIVE_INFINITY } = settings;
  const longestSilence = Math.min(requestTimeout, socketTimeout);
  return {
    ...defaults,
    ...(Number.isFinite(longestSilence) && { requestTimeout: longestSilence }),
    nodeHttp2ConnectOptions: { ...defaults.nodeHttp2ConnectOptions, ...toTrust(settings) },
  };
}

/**
 * Returns agents rather than agent options. If the SDK got options, it would create a second agent for large uploads
 * without applying them.
 */
function directAgents(trust: Trust, classAgent: unknown) {
  // Loaded at the first request, to keep the library's load time short.
  const http = process.getBuiltinModule("node:http");
  const https = process.getBuiltinModule("node:https");
  // Keeps a custom agent, such as a proxy agent, because the client class chose it.
  const isCustom = classAgent instanceof https.Agent && Object.getPrototypeOf(classAgent) !== https.Agent.prototype;
  if (isCustom) return {};
  const options = classAgent instanceof https.Agent ? classAgent.options : {};
  return { httpAgent: new http.Agent(POOL), httpsAgent: new https.Agent({ ...options, ...POOL, ...trust }) };
}

function toTrust({ extraCa, dangerouslyDisableTlsVerification }: ParsedNetworkSettings): Trust {
  return {
    rejectUnauthorized: !dangerouslyDisableTlsVerification,
    // Created once, because otherwise Node would parse its 150 root certificates for every connection.
    ...(extraCa && {
      secureContext: process
        .getBuiltinModule("node:tls")
        .createSecureContext({ ca: [...readTrustedCertificates(), ...extraCa] }),
    }),
  };
}

/** Needed because `ca` replaces the default certificates. */
function readTrustedCertificates(): readonly string[] {
  const { getCACertificates, rootCertificates } = process.getBuiltinModule("node:tls") as typeof tls & {
    getCACertificates?: () => string[];
  };
  if (getCACertificates) return getCACertificates();
  // Fallback for Node before 22.15. Like Node itself, it ignores a file that it cannot read.
  const { NODE_EXTRA_CA_CERTS: file } = process.env;
  try {
    return file
      ? [...rootCertificates, process.getBuiltinModule("node:fs").readFileSync(file, "utf8")]
      : rootCertificates;
  } catch {
    return rootCertificates;
  }
}
