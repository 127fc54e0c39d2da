import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { TestCertificates } from "./certificates.js";
import { joinSockets } from "./join-sockets.js";

export interface ConnectProxy {
  readonly url: string;
  /** The requested targets, `host:port`, in order. */
  readonly connected: readonly string[];
  /** The `Proxy-Authorization` header of each request. */
  readonly authorizations: readonly (string | undefined)[];
  /** Requests other than CONNECT, which a plain HTTP proxy would have forwarded. */
  readonly forwarded: readonly string[];
  /** The number of open connections. */
  open(): number;
}

/** A CONNECT proxy on loopback. `answer` makes it reject connections with that status, or stay silent. */
export async function startConnectProxy(
  options: { answer?: number | "nothing"; tls?: TestCertificates | undefined } = {},
): Promise<ConnectProxy> {
  const { answer = 200, tls } = options;
  const connected: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const forwarded: string[] = [];
  const sockets = joinSockets();
  const clients = new Set<Socket>();
  const server = tls ? createHttpsServer({ cert: tls.cert, key: tls.key }) : createHttpServer();
  server.on("connection", (socket: Socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
  });
  server.on("request", (request, response) => {
    forwarded.push(request.url ?? "");
    response.writeHead(502).end();
  });
  server.on("connect", ({ url = "", headers }, socket, head) => {
    connected.push(url);
    authorizations.push(headers["proxy-authorization"]);
    if (answer === "nothing") {
      socket.on("end", () => socket.destroy()).resume();
      return;
    }
    if (answer !== 200) {
      socket.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      sockets.join(socket, onward);
    });
    onward.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    sockets.destroy();
    for (const socket of clients) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://localhost:${port}`,
    connected,
    authorizations,
    forwarded,
    open: () => clients.size,
  };
}
