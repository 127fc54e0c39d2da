import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Answer } from "./exchange.js";
import type { Delivery } from "./faults.js";
import type { WireRequest } from "./sigv4-verification.js";

/** The maximum body size in bytes. Bodies are buffered to check their signature, and larger requests are cut off. */
const LARGEST_REQUEST = 16 * 1024 * 1024;

/** Connections to one endpoint. */
export interface SocketCount {
  /** Currently open. */
  readonly open: number;
  /** The highest number open at once. */
  readonly peak: number;
  /** The number opened in total. */
  readonly total: number;
}

export interface LoopbackServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly sockets: SocketCount;
  /** Closes every connection, even if it waits for a response. */
  close(): Promise<void>;
}

export type LoopbackHandler = (request: WireRequest) => Promise<{ answer: Answer; delivery: Delivery }>;

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/**
 * A plaintext HTTP/1.1 and HTTP/2 server on a free port of 127.0.0.1. Some SDK clients (Kinesis) support only HTTP/2.
 */
export async function startLoopbackServer(handle: LoopbackHandler): Promise<LoopbackServer> {
  const open = new Set<Socket>();
  const sockets = { open: 0, peak: 0, total: 0 };

  const onRequest = (incoming: Incoming, outgoing: Outgoing, socket: Socket) => {
    incoming.on("error", () => undefined);
    outgoing.on("error", () => undefined);
    readRequest(incoming)
      .then(handle)
      .then(({ answer, delivery }) => deliver(answer, delivery, outgoing, socket))
      // The client disconnected, or the server was closed.
      .catch(() => socket.destroy());
  };
  // No timeouts, because they run in real time and would reset connections of a test that advances its clock slowly.
  const http1 = createHttpServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (incoming, outgoing) =>
    onRequest(incoming, outgoing, incoming.socket),
  );
  const serveHttp2 = (socket: Socket) => {
    const http2 = createHttp2Server((incoming, outgoing) => onRequest(incoming, outgoing, socket));
    http2.on("sessionError", () => undefined);
    http2.emit("connection", socket);
  };

  const server = createServer((socket) => {
    open.add(socket);
    sockets.open = open.size;
    sockets.peak = Math.max(sockets.peak, open.size);
    sockets.total += 1;
    socket.on("close", () => {
      open.delete(socket);
      sockets.open = open.size;
    });
    socket.on("error", () => undefined);
    socket.once("data", (chunk) => {
      socket.pause();
      socket.unshift(chunk);
      if (isHttp2Preface(chunk)) {
        // Stays paused: the HTTP/2 session reads the unshifted chunk itself, and a flowing socket would lose it.
        serveHttp2(socket);
      } else {
        http1.emit("connection", socket);
        socket.resume();
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function readRequest(incoming: Incoming): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > LARGEST_REQUEST) throw new RangeError(`A request of more than ${LARGEST_REQUEST} bytes`);
    chunks.push(chunk as Buffer);
  }
  const headers: Record<string, string[]> = {};
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = (incoming.rawHeaders[index] as string).toLowerCase();
    headers[name] = [...(headers[name] ?? []), incoming.rawHeaders[index + 1] as string];
  }
  const url = incoming.url ?? "/";
  const queryAt = url.indexOf("?");
  return {
    method: incoming.method ?? "GET",
    path: queryAt < 0 ? url : url.slice(0, queryAt),
    query: queryAt < 0 ? "" : url.slice(queryAt + 1),
    headers,
    body: Buffer.concat(chunks),
  };
}

function deliver(answer: Answer, delivery: Delivery, outgoing: Outgoing, socket: Socket): void {
  if (delivery === "hang") return;
  if (delivery === "reset") {
    socket.resetAndDestroy();
    return;
  }
  const body = Buffer.from(answer.body);
  outgoing.sendDate = false;
  outgoing.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) outgoing.setHeader(name, value);
  outgoing.setHeader("content-length", body.length);
  if (delivery === "whole") {
    outgoing.end(body);
    return;
  }
  // TypeScript cannot call the overloads of the union type.
  const half = outgoing as ServerResponse;
  half.write(body.subarray(0, body.length >> 1), () => socket.destroy());
}

function isHttp2Preface(chunk: Buffer): boolean {
  return chunk.subarray(0, 3).toString("latin1") === "PRI";
}
