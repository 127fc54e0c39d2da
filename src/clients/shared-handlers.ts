import { once } from "../once.js";
import type { Network } from "../request/network-settings.js";
import { conflict } from "../request/validation.js";
import type { SdkClient, SdkClientConstructor } from "./client-types.js";

/** A request handler of the SDK, as far as it is used here. */
type RequestHandler = {
  readonly metadata?: { readonly handlerProtocol?: string };
  handle(request: unknown, options?: unknown): Promise<unknown>;
  httpHandlerConfigs?(): unknown;
  destroy?(): void;
};

interface SharingClient {
  readonly config: { requestHandler: RequestHandler };
}

/** One set of sockets, as its owner and as all others see it. */
interface Handlers {
  readonly own: RequestHandler;
  readonly shared: RequestHandler;
}

/**
 * One request handler per client class, so that a thousand clients share one set of sockets; another one for each network
 * that instances name. It is taken from a client of that class: services that speak HTTP/2 keep the handler that they need.
 */
export class SharedHandlers {
  readonly #handlers = new Map<SdkClientConstructor, Handlers>();
  readonly #ofNetworks = new Map<SdkClientConstructor, Map<string, Handlers>>();

  /**
   * Makes a client that shares its class's handler.
   * @param config without anything that the handler would be made by
   * @param clientConfig the caller's, which may say more, and may hold a handler of its own where `network` is not given
   * @throws RolecallError `INVALID_REQUEST` if the class cannot honour the network's settings
   */
  create<C extends SdkClient>(
    Client: SdkClientConstructor,
    config: object,
    clientConfig: object = {},
    network?: Network,
  ): C {
    const Constructor = Client as unknown as new (config: object) => C & SharingClient;
    if (network) {
      const requestHandler = this.ofNetwork(Client, network);
      const client = new Constructor({ ...clientConfig, ...config, requestHandler });
      if (client.config.requestHandler !== requestHandler) throw ownHandler("the client's class or an extension");
      return client;
    }
    if (!this.#handlers.has(Client) && Object.keys(clientConfig).length > 0) this.#ofClass(Client);
    const requestHandler = this.#handlers.get(Client)?.shared;
    const client = new Constructor({ ...(requestHandler && { requestHandler }), ...clientConfig, ...config });
    if (!requestHandler) client.config.requestHandler = this.#share(Client, client).shared;
    return client;
  }

  /** The handler of a class that reaches AWS by `network`. */
  ofNetwork(Client: SdkClientConstructor, network: Network): RequestHandler {
    const handlers = this.#ofNetworks.get(Client) ?? new Map<string, Handlers>();
    this.#ofNetworks.set(Client, handlers);
    let known = handlers.get(network.key);
    if (!known) {
      const own = handlerOf(Client, this.#ofClass(Client).own, network);
      known = { own, shared: withoutDestroy(own) };
      handlers.set(network.key, known);
    }
    return known.shared;
  }

  #ofClass(Client: SdkClientConstructor): Handlers {
    const known = this.#handlers.get(Client);
    if (known) return known;
    const Constructor = Client as unknown as new (config: object) => SharingClient;
    const credentials = { accessKeyId: "never-used", secretAccessKey: "never-used" };
    return this.#share(Client, new Constructor({ region: "us-east-1", credentials }));
  }

  #share(Client: SdkClientConstructor, { config: { requestHandler } }: SharingClient): Handlers {
    const handlers = { own: requestHandler, shared: withoutDestroy(requestHandler) };
    this.#handlers.set(Client, handlers);
    return handlers;
  }

  destroy(): void {
    const all = [this.#handlers, ...this.#ofNetworks.values()].flatMap((handlers) => [...handlers.values()]);
    for (const { own } of all) own.destroy?.();
    this.#handlers.clear();
    this.#ofNetworks.clear();
  }
}

/**
 * A handler of the same kind as `plain`, which is made by the network's settings at its first request: settings that
 * fail then fail that request, and not the process.
 */
function handlerOf(Client: SdkClientConstructor, plain: RequestHandler, network: Network): RequestHandler {
  const Handler = plain.constructor as new (options: object) => RequestHandler;
  const isHttp1 = plain.metadata?.handlerProtocol?.startsWith("http/1") ?? true;
  if (!isHttp1) assertFitForHttp2(Client, network);
  let made: RequestHandler | undefined;
  const make = once(async () => {
    const { http1Options, http2Options } = await import("./network-options.js");
    made = new Handler((isHttp1 ? http1Options : http2Options)(network.settings()));
    return made;
  });
  return {
    ...(plain.metadata && { metadata: plain.metadata }),
    handle: async (request, options) => (await make()).handle(request, options),
    httpHandlerConfigs: () => made?.httpHandlerConfigs?.() ?? {},
    destroy: () => made?.destroy?.(),
  };
}

function assertFitForHttp2({ name }: SdkClientConstructor, network: Network): void {
  const { proxy, connectionTimeout, requestTimeout, socketTimeout } = network.settings();
  if (proxy !== undefined) {
    throw conflict(
      "instance.network.proxy",
      `is set, and ${name} speaks HTTP/2, for which the SDK takes no proxy`,
      "Call that service from an instance without a proxy, such as by a VPC endpoint.",
    );
  }
  if (connectionTimeout !== undefined && requestTimeout === undefined && socketTimeout === undefined) {
    throw conflict(
      "instance.network.connectionTimeout",
      `is set alone, and ${name} speaks HTTP/2, for which the SDK has no such limit`,
      "Set requestTimeout or socketTimeout too: there they limit the connecting.",
    );
  }
}

/** The error for a handler that would go another way than the instance's network. */
export function ownHandler(owner: string, wayOut = "Leave that handler out, or the network.") {
  return conflict("instance.network", `is set, and ${owner} has a request handler of its own`, wayOut);
}

/** `client.destroy()` closes the handler's sockets, and others are using them. */
function withoutDestroy(own: RequestHandler): RequestHandler {
  return {
    ...(own.metadata && { metadata: own.metadata }),
    handle: (request, options) => own.handle(request, options),
    httpHandlerConfigs: () => own.httpHandlerConfigs?.() ?? {},
    destroy() {},
  };
}
