import { Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The address that `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` is relative to. */
const ECS_AGENT = "169.254.170.2";

/**
 * Redirects connections to the ECS agent's address to a server on loopback until the test ends. That address cannot be
 * bound in a test, and the SDK's provider takes no agent.
 */
export function redirectEcsAgent(url: string): void {
  const { hostname, port } = new URL(url);
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function redirected(this: Socket, ...args: unknown[]) {
    // The HTTP agent passes normalized arguments: a list that begins with the options.
    for (const options of args.flat() as { host?: string }[]) {
      if (options?.host === ECS_AGENT) Object.assign(options, { host: hostname, port: Number(port) });
    }
    return Reflect.apply(connect, this, args);
  } as typeof connect;
  onTestFinished(() => {
    Socket.prototype.connect = connect;
  });
}
