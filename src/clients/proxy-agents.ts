import type http from "node:http";
import type { Socket } from "node:net";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";
import type { Trust } from "./network-options.js";

/** Milliseconds. Fallback timeout for a silent proxy. */
const PROXY_TIMEOUT = 10_000;

export function proxyAgents(proxy: string, pool: object, trust: Trust, connectionTimeout = PROXY_TIMEOUT) {
  const { hostname, port, protocol, username, password } = new URL(proxy);
  const options = {
    ...pool,
    ...trust,
    // Omits the user name and password, and the brackets of an IPv6 address, which Node's sockets do not accept.
    proxy: { hostname: hostname.replace(/^\[|\]$/g, ""), port, protocol } as URL,
    proxyRequestOptions: {
      ...trust,
      ...((username || password) && { headers: { "proxy-authorization": basicAuthorization(username, password) } }),
    },
  };
  return {
    httpAgent: withConnectTimeout(new HttpProxyAgent(options), connectionTimeout),
    httpsAgent: withConnectTimeout(new HttpsProxyAgent(options), connectionTimeout),
  };
}

/**
 * An object that Node converts to the header's value only when it sends the header. Printing an agent or a socket does
 * not show the password.
 */
function basicAuthorization(username: string, password: string): string {
  const value = () => {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString("base64")}`;
  };
  return Object.defineProperty({}, "toString", { value }) as string;
}

interface ConnectingAgent {
  /** Options of the CONNECT requests. */
  proxyRequestOptions: http.RequestOptions;
  createConnection(options: object, callback: (error: Error | null, socket: Socket | null) => void): void;
}

/**
 * Stops waiting for a proxy when the timeout elapses or the agent is destroyed. Errors mention the proxy, because
 * hpagent's "Bad response: 407" does not.
 */
function withConnectTimeout<A extends http.Agent>(agent: A, timeout: number): A {
  const internals = agent as unknown as ConnectingAgent;
  const { proxyRequestOptions } = internals;
  const connect = internals.createConnection.bind(agent);
  const pending = new Set<AbortController>();
  internals.createConnection = (options, callback) => {
    const connection = new AbortController();
    pending.add(connection);
    internals.proxyRequestOptions = { ...proxyRequestOptions, signal: connection.signal };
    connect({ ...options, timeout }, (error, socket) => {
      pending.delete(connection);
      socket?.setTimeout(0); // the timeout was only for connecting
      callback(error && toProxyError(error), socket);
    });
  };
  const destroy = agent.destroy.bind(agent);
  agent.destroy = () => {
    for (const connection of pending) connection.abort();
    destroy();
  };
  return agent;
}

function toProxyError(error: Error): Error {
  if ("code" in error) return error;
  const refusal = new Error(`The proxy refused the connection: ${error.message}`, { cause: error });
  return Object.assign(refusal, { name: "ProxyError", code: "EPROXY" });
}
