import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import tls from "node:tls";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";
import type { ReadNetworkSettings } from "../request/network-settings.js";

/** As the SDK's own agents have it. */
const POOL = { keepAlive: true, maxSockets: 50 } as const;

/** Milliseconds for a proxy's answer where no limit is set: who asked may be gone, and nobody else ends the waiting. */
const PROXY_TIMEOUT = 10_000;

interface Trust {
  /** Said outright: otherwise `NODE_TLS_REJECT_UNAUTHORIZED` would decide. */
  readonly rejectUnauthorized: boolean;
  readonly secureContext?: tls.SecureContext;
}

/** What the SDK's handler for HTTP/1.1 is made of. */
export function http1Options(settings: ReadNetworkSettings): object {
  const { requestTimeout, socketTimeout, connectionTimeout } = settings;
  const trust = trustOf(settings);
  return {
    ...(requestTimeout !== undefined && { requestTimeout, throwOnRequestTimeout: true }),
    ...(socketTimeout !== undefined && { socketTimeout }),
    ...(connectionTimeout !== undefined && { connectionTimeout }),
    ...(settings.proxy === undefined ? directAgents(trust) : proxyAgents(settings, settings.proxy, trust)),
  };
}

/** What the SDK's handler for HTTP/2 is made of. Its one limit is on the silence of a stream, the connecting included. */
export function http2Options(settings: ReadNetworkSettings): object {
  const { requestTimeout = Number.POSITIVE_INFINITY, socketTimeout = Number.POSITIVE_INFINITY } = settings;
  const silence = Math.min(requestTimeout, socketTimeout);
  return {
    ...(Number.isFinite(silence) && { requestTimeout: silence }),
    nodeHttp2ConnectOptions: trustOf(settings),
  };
}

/** Agents and not their options: from options the SDK makes another agent for large uploads, which lacks them. */
function directAgents(trust: Trust) {
  return { httpAgent: new http.Agent(POOL), httpsAgent: new https.Agent({ ...POOL, ...trust }) };
}

function proxyAgents({ connectionTimeout = PROXY_TIMEOUT }: ReadNetworkSettings, proxy: string, trust: Trust) {
  const { hostname, port, protocol, username, password } = new URL(proxy);
  const options = {
    ...POOL,
    ...trust,
    // Without user and password, and an IPv6 address as Node's sockets take it.
    proxy: { hostname: hostname.replace(/^\[|\]$/g, ""), port, protocol } as URL,
    proxyRequestOptions: {
      ...trust,
      ...((username || password) && { headers: { "proxy-authorization": basicAuthorization(username, password) } }),
    },
  };
  return {
    httpAgent: connecting(new HttpProxyAgent(options), connectionTimeout),
    httpsAgent: connecting(new HttpsProxyAgent(options), connectionTimeout),
  };
}

/** Node turns it into text when it sends it: an agent or a socket that is printed shows no password. */
function basicAuthorization(username: string, password: string): string {
  const value = () => {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString("base64")}`;
  };
  return Object.defineProperty({}, "toString", { value }) as string;
}

interface Connecting {
  /** Of the requests for a connection. */
  proxyRequestOptions: http.RequestOptions;
  createConnection(options: object, callback: (error: Error | null, socket: Socket | null) => void): void;
}

/**
 * Gives up a proxy that does not answer in time, or until the agent is destroyed; and names one that refuses: "Bad
 * response: 407" says nothing of a proxy.
 */
function connecting<A extends http.Agent>(agent: A, timeout: number): A {
  const own = agent as unknown as Connecting;
  const { proxyRequestOptions } = own;
  const connect = own.createConnection.bind(agent);
  const pending = new Set<AbortController>();
  own.createConnection = (options, callback) => {
    const connection = new AbortController();
    pending.add(connection);
    own.proxyRequestOptions = { ...proxyRequestOptions, signal: connection.signal };
    connect({ ...options, timeout }, (error, socket) => {
      pending.delete(connection);
      socket?.setTimeout(0); // the time was for the connection
      callback(error && namingTheProxy(error), socket);
    });
  };
  const destroy = agent.destroy.bind(agent);
  agent.destroy = () => {
    for (const connection of pending) connection.abort();
    destroy();
  };
  return agent;
}

function namingTheProxy(error: Error): Error {
  if ("code" in error) return error;
  const named = new Error(`The proxy gives no connection: ${error.message}`, { cause: error });
  named.name = "ProxyError";
  return Object.assign(named, { code: "EPROXY" });
}

function trustOf({ extraCa, dangerouslyDisableTlsVerification }: ReadNetworkSettings): Trust {
  return {
    rejectUnauthorized: !dangerouslyDisableTlsVerification,
    // Once, and not for every connection: Node reads its hundred and fifty certificates again each time.
    ...(extraCa && { secureContext: tls.createSecureContext({ ca: [...trustedByNode(), ...extraCa] }) }),
  };
}

/** `ca` takes the place of all these. */
function trustedByNode(): readonly string[] {
  const { getCACertificates, rootCertificates } = tls as typeof tls & { getCACertificates?: () => string[] };
  if (getCACertificates) return getCACertificates();
  return [...rootCertificates, ...extraTrustedByNode()]; // before Node 22.15
}

/** A file that cannot be read Node itself passes by, with a warning. */
function extraTrustedByNode(): readonly string[] {
  const { NODE_EXTRA_CA_CERTS: file } = process.env;
  if (!file) return [];
  try {
    return [readFileSync(file, "utf8")];
  } catch {
    return [];
  }
}
