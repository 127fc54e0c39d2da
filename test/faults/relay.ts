import dns from "node:dns";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { onTestFinished, vi } from "vitest";
import { joinSockets } from "../support/join-sockets.js";

/** A port that forwards everything to another one, until it becomes unreachable. */
export interface Relay {
  /** `http://localhost:<port>`: this name requires a lookup. */
  readonly url: string;
  /** Ends every connection and refuses new ones. Returns a function that restores it. */
  refuse(): () => void;
  /** Ends every connection, and makes the name lookup fail. Returns a function that restores it. */
  failLookup(): () => void;
}

export async function startRelay(target: string): Promise<Relay> {
  const { port: targetPort } = new URL(target);
  const sockets = joinSockets();
  let isKnown = true;
  const real = dns.lookup as unknown as (...args: unknown[]) => void;
  vi.spyOn(dns, "lookup").mockImplementation(((hostname: string, ...rest: unknown[]) => {
    const done = rest.at(-1) as (error: Error | null, addresses?: { address: string; family: number }[]) => void;
    if (hostname !== "localhost") real(hostname, ...rest);
    else if (isKnown) done(null, [{ address: "127.0.0.1", family: 4 }]);
    else
      done(Object.assign(new Error("getaddrinfo EAI_AGAIN localhost"), { code: "EAI_AGAIN", syscall: "getaddrinfo" }));
  }) as never);

  const server = createServer((socket) => sockets.join(socket, connect(Number(targetPort), "127.0.0.1")));
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.close();
    sockets.destroy();
    vi.mocked(dns.lookup).mockRestore();
  });
  return {
    url: `http://localhost:${port}`,
    refuse() {
      server.close();
      sockets.destroy();
      return () => void listen(server, port);
    },
    failLookup() {
      isKnown = false;
      sockets.destroy();
      return () => {
        isKnown = true;
      };
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
}
