/** The SDK's default limit of sockets per host. */
const MAX_REQUESTS = 50;

interface Share {
  inFlight: number;
  readonly waiting: (() => void)[];
}

/**
 * Limits the requests in flight per owner and host to the limit that the SDK has per client. All owners share one pool
 * of sockets without a limit, so one owner's hanging requests do not block the others.
 */
export class SocketShares {
  readonly #shares = new Map<string, Share>();

  /** Sends a request when a slot is free. The request holds its slot until its response has been read. */
  async send(owner: string, request: unknown, handle: () => Promise<unknown>): Promise<unknown> {
    const name = `${owner} ${toOrigin(request)}`;
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

function toOrigin(request: unknown): string {
  const { protocol, hostname, port } = (request ?? {}) as { protocol?: string; hostname?: string; port?: number };
  return `${protocol}//${hostname}:${port}`;
}

/** Runs `task` when the body of a response has been read or discarded. Until then, it occupies a socket. */
function onceRead(result: unknown, task: () => void): void {
  const { body } = (result as { response?: { body?: NodeJS.ReadableStream & { closed?: boolean } } }).response ?? {};
  if (typeof body?.once !== "function" || body.closed) task();
  else body.once("close", task);
}
