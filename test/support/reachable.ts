import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * The addresses of this machine at which something accepts connections to a port. Linux routes all of 127.0.0.0/8 to the
 * machine, so 127.0.0.2 reaches a server that listens on all interfaces.
 */
export async function reachableAt(port: number): Promise<readonly string[]> {
  const others = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  const hosts = new Set(["127.0.0.1", "127.0.0.2", "::1", ...others]);
  const reached = await Promise.all([...hosts].map(async (host) => ((await accepts(host, port)) ? host : [])));
  return reached.flat();
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
