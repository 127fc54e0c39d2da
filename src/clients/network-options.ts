import type tls from "node:tls";
import type { ParsedNetworkSettings } from "../request/network-settings.js";

/**
 * No limit on the sockets in use: whoever reached it would take the sockets of all others. `SocketShare` limits each
 * identity. Idle sockets stay bounded for each host.
 */
const POOL = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 50 } as const;

export interface Trust {
  /** Set explicitly: otherwise `NODE_TLS_REJECT_UNAUTHORIZED` decides for each new connection of the same pool. */
  readonly rejectUnauthorized: boolean;
  readonly secureContext?: tls.SecureContext;
}

/** What a class's own handler was made of, as far as it is used here. */
export interface HandlerDefaults {
  readonly httpsAgent?: unknown;
  readonly nodeHttp2ConnectOptions?: object;
}

/** Options of the SDK's handler for HTTP/1.1. */
export async function http1Options(settings: ParsedNetworkSettings, defaults: HandlerDefaults): Promise<object> {
  const { requestTimeout, socketTimeout, connectionTimeout, proxy } = settings;
  const trust = trustOf(settings);
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

/** Options of the SDK's handler for HTTP/2. Its one limit is on the silence of a stream, connecting included. */
export async function http2Options(settings: ParsedNetworkSettings, defaults: HandlerDefaults): Promise<object> {
  const { requestTimeout = Number.POSITIVE_INFINITY, socketTimeout = Number.POSITIVE_INFINITY } = settings;
  const silence = Math.min(requestTimeout, socketTimeout);
  return {
    ...defaults,
    ...(Number.isFinite(silence) && { requestTimeout: silence }),
    nodeHttp2ConnectOptions: { ...defaults.nodeHttp2ConnectOptions, ...trustOf(settings) },
  };
}

/** Agents and not their options: from options the SDK makes another agent for large uploads, which lacks them. */
function directAgents(trust: Trust, ofClass: unknown) {
  // Loaded by the first request and not with the library.
  const http = process.getBuiltinModule("node:http");
  const https = process.getBuiltinModule("node:https");
  // An agent of another kind is the class's own choice, such as a proxy.
  const isPlain = !(ofClass instanceof https.Agent) || Object.getPrototypeOf(ofClass) === https.Agent.prototype;
  if (!isPlain) return {};
  const options = ofClass instanceof https.Agent ? ofClass.options : {};
  return { httpAgent: new http.Agent(POOL), httpsAgent: new https.Agent({ ...options, ...POOL, ...trust }) };
}

function trustOf({ extraCa, dangerouslyDisableTlsVerification }: ParsedNetworkSettings): Trust {
  return {
    rejectUnauthorized: !dangerouslyDisableTlsVerification,
    // Once, and not for every connection: Node reads its hundred and fifty certificates again each time.
    ...(extraCa && {
      secureContext: process.getBuiltinModule("node:tls").createSecureContext({ ca: [...trustedByNode(), ...extraCa] }),
    }),
  };
}

/** `ca` takes the place of all these. */
function trustedByNode(): readonly string[] {
  const { getCACertificates, rootCertificates } = process.getBuiltinModule("node:tls") as typeof tls & {
    getCACertificates?: () => string[];
  };
  if (getCACertificates) return getCACertificates();
  return [...rootCertificates, ...extraTrustedByNode()]; // before Node 22.15
}

/** Node itself ignores a file that it cannot read, with a warning. */
function extraTrustedByNode(): readonly string[] {
  const { NODE_EXTRA_CA_CERTS: file } = process.env;
  if (!file) return [];
  try {
    return [process.getBuiltinModule("node:fs").readFileSync(file, "utf8")];
  } catch {
    return [];
  }
}
