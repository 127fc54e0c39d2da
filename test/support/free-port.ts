import { createServer } from "node:net";

/** Below the ports that the system gives to servers and clients that ask for any: Linux begins at 32,768. */
const PORTS = { first: 20_000, count: 10_000 };

/** A loopback port that was free a moment ago. A server that ends and starts again can have it again. */
export async function freePort(): Promise<number> {
  const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
  return (await isFree(port)) ? port : freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
