import type { SdkClientConstructor } from "./client-types.js";

/** A request handler of the SDK, as far as it is used here. */
interface RequestHandler {
  readonly metadata?: unknown;
  handle(request: unknown, options?: unknown): Promise<unknown>;
  httpHandlerConfigs?(): unknown;
  destroy?(): void;
}

/**
 * One request handler per client class, so that a thousand clients share one set of sockets. It is taken from a client
 * of that class: services that speak HTTP/2 keep the handler that they need.
 */
export class SharedHandlers {
  readonly #handlers = new Map<SdkClientConstructor, { own: RequestHandler; shared: RequestHandler }>();

  for(Client: SdkClientConstructor): RequestHandler {
    let known = this.#handlers.get(Client);
    if (!known) {
      const own = probe(Client);
      known = { own, shared: withoutDestroy(own) };
      this.#handlers.set(Client, known);
    }
    return known.shared;
  }

  destroy(): void {
    for (const { own } of this.#handlers.values()) own.destroy?.();
    this.#handlers.clear();
  }
}

function probe(Client: SdkClientConstructor): RequestHandler {
  const Probe = Client as unknown as new (config: object) => { config: { requestHandler: RequestHandler } };
  const credentials = { accessKeyId: "never-used", secretAccessKey: "never-used" };
  return new Probe({ region: "us-east-1", credentials }).config.requestHandler;
}

/** `client.destroy()` closes the handler's sockets, and others are using them. */
function withoutDestroy(own: RequestHandler): RequestHandler {
  return {
    metadata: own.metadata,
    handle: (request, options) => own.handle(request, options),
    httpHandlerConfigs: () => own.httpHandlerConfigs?.() ?? {},
    destroy() {},
  };
}
