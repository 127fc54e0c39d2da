import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The maximum size of an endless response, so that a reader without a limit also ends. */
const ENOUGH = 64 * 1024 * 1024;
const BLOCK = "x".repeat(64 * 1024);

/** Responds to one request, whose head is given, with raw bytes. */
export type RawAnswer = (head: string, send: (text: string) => Promise<void>) => Promise<void>;

/** A loopback server that is not limited to valid HTTP. Counts the bytes that its readers accept. */
export async function startRawServer(answer: RawAnswer) {
  const counted = { sent: 0, requests: [] as string[] };
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const send = async (text: string) => {
      if (socket.destroyed) return;
      counted.sent += text.length;
      if (!socket.write(text))
        await Promise.race([new Promise<void>((resolve) => socket.once("drain", resolve)), closed]);
    };
    let head = "";
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      counted.requests.push(head);
      const request = head;
      head = "";
      void answer(request, send);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { counted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Sends `block` repeatedly, until the reader is gone or the maximum is reached. */
export async function sendEndlessly(send: (text: string) => Promise<void>, block = BLOCK): Promise<void> {
  for (let sent = 0; sent < ENOUGH; sent += block.length) await send(block);
}

export function httpAnswer(body: string, status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
