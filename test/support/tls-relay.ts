import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import { onTestFinished } from "vitest";
import type { TestCertificates } from "./certificates.js";
import { joinSockets } from "./join-sockets.js";

/** A TLS endpoint with HTTP/1.1 and HTTP/2, in front of a plain loopback endpoint. @returns its URL */
export async function startTlsRelay(target: string, { cert, key }: TestCertificates): Promise<string> {
  const { port: targetPort } = new URL(target);
  const sockets = joinSockets();
  const server = createServer({ cert, key, ALPNProtocols: ["h2", "http/1.1"] }, (socket) =>
    sockets.join(socket, connect(Number(targetPort), "127.0.0.1")),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    sockets.destroy();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}
