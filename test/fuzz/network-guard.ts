import { AsyncLocalStorage } from "node:async_hooks";
import net from "node:net";

interface Watched {
  connections: number;
}

const watched = new AsyncLocalStorage<Watched>();
const isLoopback = (host: unknown) => host === undefined || /^(localhost|127\.[\d.]+|::1)$/.test(String(host));

/** Counts connections from now on, by the call that opened them, and blocks any that would leave the machine. */
export function guardNetwork(): void {
  const connect = net.Socket.prototype.connect as (...args: unknown[]) => net.Socket;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    const call = watched.getStore();
    if (call) call.connections++;
    const options = Array.isArray(args[0]) ? args[0][0] : args[0];
    const host = typeof options === "object" && options !== null ? (options as { host?: unknown }).host : args[1];
    if (isLoopback(typeof host === "function" ? undefined : host)) return connect.apply(this, args);
    process.nextTick(() =>
      this.destroy(Object.assign(new Error("the fuzz run stays on loopback"), { code: "EHOSTUNREACH" })),
    );
    return this;
  } as typeof net.Socket.prototype.connect;
}

/** Runs `call` and counts the connections that it opens, including later ones. */
export function countConnections<T>(call: () => T): { result: T; count(): number } {
  const own: Watched = { connections: 0 };
  return { result: watched.run(own, call), count: () => own.connections };
}
