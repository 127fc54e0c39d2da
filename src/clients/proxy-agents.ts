import type http from "node:http";
import type { Socket } from "node:net";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";
import type { Trust } from "./network-options.js";

/** Milliseconds for a proxy's answer where no limit is set: the caller may be gone, and nothing else ends the wait. */
const PROXY_TIMEOUT = 10_000;

export function proxyAgents(proxy: string, pool: object, trust: Trust, connectionTimeout = PROXY_TIMEOUT) {
  const { hostname, port, protocol, username, password } = new URL(proxy);
  const options = {
    ...pool,
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
 * Gives up on a proxy that does not answer in time, or when the agent is destroyed; and names a proxy that refuses,
 * because "Bad response: 407" does not mention one.
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
