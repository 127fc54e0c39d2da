/** As many as the SDK's own agents open to one host. */
const MAX_REQUESTS = 50;

interface Share {
  inFlight: number;
  readonly waiting: (() => void)[];
}

/**
 * Counts the requests in flight by owner and host. The sockets are shared and have no limit, so that requests of one
 * owner that hang take none from the others; here each owner has the limit that the SDK has for all.
 */
export class SocketShares {
  readonly #shares = new Map<string, Share>();

  /** Sends a request when its turn comes. It is in flight until its answer has been read. */
  async send(owner: string, request: unknown, handle: () => Promise<unknown>): Promise<unknown> {
    const name = `${owner} ${originOf(request)}`;
    const share = this.#shares.get(name) ?? { inFlight: 0, waiting: [] };
    this.#shares.set(name, share);
    if (share.inFlight < MAX_REQUESTS) share.inFlight += 1;
    else await new Promise<void>((resolve) => share.waiting.push(resolve));
    const release = () => {
      const next = share.waiting.shift();
      if (next) return next();
      share.inFlight -= 1;
      if (share.inFlight === 0) this.#shares.delete(name);
    };
    try {
      const result = await handle();
      onceRead(result, release);
      return result;
    } catch (error) {
      release();
      throw error;
    }
  }
}

function originOf(request: unknown): string {
  const { protocol, hostname, port } = (request ?? {}) as { protocol?: string; hostname?: string; port?: number };
  return `${protocol}//${hostname}:${port}`;
}

/** Runs `task` when the body of an answer has been read or given up: until then it holds its socket. */
function onceRead(result: unknown, task: () => void): void {
  const { body } = (result as { response?: { body?: NodeJS.ReadableStream & { closed?: boolean } } }).response ?? {};
  if (typeof body?.once !== "function" || body.closed) task();
  else body.once("close", task);
}
