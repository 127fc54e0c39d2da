import type { SdkClient, SdkClientConstructor } from "./client-types.js";

/** A request handler of the SDK, as far as it is used here. */
interface RequestHandler {
  readonly metadata?: unknown;
  handle(request: unknown, options?: unknown): Promise<unknown>;
  httpHandlerConfigs?(): unknown;
  destroy?(): void;
}

interface SharingClient {
  readonly config: { requestHandler: RequestHandler };
}

/**
 * One request handler per client class, so that a thousand clients share one set of sockets. It is taken from a client
 * of that class: services that speak HTTP/2 keep the handler that they need.
 */
export class SharedHandlers {
  readonly #handlers = new Map<SdkClientConstructor, { own: RequestHandler; shared: RequestHandler }>();

  /**
   * Makes a client that shares its class's handler.
   * @param config without anything that the handler would be made by
   * @param clientConfig the caller's, which may say more, and may hold a handler of its own
   */
  create<C extends SdkClient>(Client: SdkClientConstructor, config: object, clientConfig: object = {}): C {
    const Constructor = Client as unknown as new (config: object) => C & SharingClient;
    if (!this.#handlers.has(Client) && Object.keys(clientConfig).length > 0) {
      const credentials = { accessKeyId: "never-used", secretAccessKey: "never-used" };
      this.#share(Client, new Constructor({ region: "us-east-1", credentials }));
    }
    const requestHandler = this.#handlers.get(Client)?.shared;
    const client = new Constructor({ ...(requestHandler && { requestHandler }), ...clientConfig, ...config });
    if (!requestHandler) client.config.requestHandler = this.#share(Client, client);
    return client;
  }

  #share(Client: SdkClientConstructor, { config: { requestHandler: own } }: SharingClient): RequestHandler {
    const shared = withoutDestroy(own);
    this.#handlers.set(Client, { own, shared });
    return shared;
  }

  destroy(): void {
    for (const { own } of this.#handlers.values()) own.destroy?.();
    this.#handlers.clear();
  }
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
