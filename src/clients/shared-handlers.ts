import { once } from "../once.js";
import {
  ANYBODY,
  envTrust,
  type Network,
  NO_NETWORK_SETTINGS,
  type ParsedNetworkSettings,
} from "../request/network-settings.js";
import { conflict } from "../request/validation.js";
import type { SdkClient, SdkClientConstructor } from "./client-types.js";
import { constructClient, isGuardable } from "./construct-client.js";
import { http1Options, http2Options } from "./network-options.js";

/** A request handler of the SDK, as far as it is used here. */
export interface RequestHandler {
  readonly metadata?: { readonly handlerProtocol?: string };
  handle(request: unknown, options?: unknown): Promise<unknown>;
  httpHandlerConfigs?(): unknown;
  destroy?(): void;
}

/** What a client class chooses by itself, without any caller's configuration. */
export interface ClassDefaults {
  readonly requestHandler: RequestHandler;
  readonly httpAuthSchemeProvider?: (parameters: object) => readonly { readonly schemeId: string }[];
  readonly endpointProvider?: unknown;
}

const UNVERIFIED: ParsedNetworkSettings = { ...NO_NETWORK_SETTINGS, dangerouslyDisableTlsVerification: true };

/**
 * One request handler for each client class and network, so that a thousand clients share one set of sockets. Its kind
 * is the class's own: services that speak HTTP/2 keep the handler that they need. Whatever decides which certificates
 * are trusted selects another set of sockets, so that no connection serves a call that trusts less than it did.
 */
export class SharedHandlers {
  readonly #classes = new Map<SdkClientConstructor, ClassHandlers>();
  readonly #env: Record<string, string | undefined>;

  /** @param env decides by `NODE_TLS_REJECT_UNAUTHORIZED`, at each request, for instances without a network */
  constructor(env: Record<string, string | undefined> = process.env) {
    this.#env = env;
  }

  /**
   * Makes a client that shares its class's handler. A class that is not of the SDK, such as a mock, makes what it makes.
   * @param config must not contain request-handler options
   * @param clientConfig the caller's own, which may hold a handler where `network` is not given
   * @param alwaysVerify ignores `NODE_TLS_REJECT_UNAUTHORIZED`
   * @throws RolecallError `INVALID_REQUEST` if the class cannot honor the network's settings
   */
  create(
    Client: SdkClientConstructor,
    config: object,
    clientConfig: object = {},
    network?: Network,
    alwaysVerify = false,
  ): SdkClient {
    const isPlain = network === undefined && Object.keys(clientConfig).length === 0;
    if (isPlain && !this.#classes.has(Client)) {
      const client = constructClient(Client, config);
      const handlers = this.#learn(Client, client);
      if (handlers) Object.assign(client.config, { requestHandler: handlers.shared(undefined, alwaysVerify) });
      return client;
    }
    const requestHandler = this.#ofClass(Client)?.shared(network, alwaysVerify);
    if (!requestHandler) return constructClient(Client, { ...clientConfig, ...config });
    if (!network) return constructClient(Client, { requestHandler, ...clientConfig, ...config });
    const client = constructClient(Client, { ...clientConfig, ...config, requestHandler });
    if ((client.config as { requestHandler?: unknown }).requestHandler !== requestHandler) {
      throw customHandlerError("the client's class or an extension");
    }
    return client;
  }

  /** The handler of a class that reaches AWS by `network`; `undefined` for a mock. */
  ofNetwork(Client: SdkClientConstructor, network: Network): RequestHandler | undefined {
    return this.#ofClass(Client)?.shared(network, false);
  }

  /** Of a class of the SDK. */
  defaultsOf(Client: SdkClientConstructor): ClassDefaults | undefined {
    return this.#ofClass(Client)?.defaults;
  }

  /** Whether a handler is one of those that clients share. */
  isShared(Client: SdkClientConstructor, handler: unknown): boolean {
    return this.#classes.get(Client)?.has(handler) ?? false;
  }

  #ofClass(Client: SdkClientConstructor): ClassHandlers | undefined {
    const known = this.#classes.get(Client);
    if (known) return known;
    const credentials = { accessKeyId: "never-used", secretAccessKey: "never-used" };
    return this.#learn(Client, constructClient(Client, { region: "us-east-1", credentials }));
  }

  /** @param client made without a caller's configuration */
  #learn(Client: SdkClientConstructor, client: SdkClient): ClassHandlers | undefined {
    if (!isGuardable(client)) return undefined;
    const { requestHandler, httpAuthSchemeProvider, endpointProvider } = client.config as ClassDefaults;
    const defaults = { requestHandler, ...(httpAuthSchemeProvider && { httpAuthSchemeProvider }), endpointProvider };
    const handlers = new ClassHandlers(Client, defaults, this.#env);
    this.#classes.set(Client, handlers);
    return handlers;
  }

  destroy(): void {
    for (const handlers of this.#classes.values()) handlers.destroy();
    this.#classes.clear();
  }
}

/** The handlers of one client class: by network, and without one by verification. */
class ClassHandlers {
  readonly defaults: ClassDefaults;
  readonly #Client: SdkClientConstructor;
  readonly #env: Record<string, string | undefined>;
  readonly #shared = new Map<string, RequestHandler>();
  readonly #making = new Map<string, () => Promise<RequestHandler>>();
  readonly #made = new Map<string, RequestHandler>();

  constructor(Client: SdkClientConstructor, defaults: ClassDefaults, env: Record<string, string | undefined>) {
    this.#Client = Client;
    this.defaults = defaults;
    this.#env = env;
  }

  has(handler: unknown): boolean {
    return [...this.#shared.values()].includes(handler as RequestHandler);
  }

  /** `client.destroy()` would close the handler's sockets, which others are using: here it does nothing. */
  shared(network: Network | undefined, alwaysVerify: boolean): RequestHandler {
    const key = network?.key ?? (alwaysVerify ? "verified" : "environment");
    const known = this.#shared.get(key);
    if (known) return known;
    if (network && !isHttp1(this.defaults)) assertFitForHttp2(this.#Client, network);
    const settings = (): ParsedNetworkSettings => {
      if (network) return network.settings();
      return !alwaysVerify && envTrust(this.#env) === ANYBODY ? UNVERIFIED : NO_NETWORK_SETTINGS;
    };
    const keyOf = (chosen: ParsedNetworkSettings) =>
      network?.key ?? (chosen === UNVERIFIED ? "unverified" : "verified");
    const { metadata } = this.defaults.requestHandler;
    const handler: RequestHandler = {
      ...(metadata && { metadata }),
      handle: async (request, options) => {
        const chosen = settings();
        return (await this.#make(keyOf(chosen), chosen)).handle(request, options);
      },
      httpHandlerConfigs: () => this.#made.get(keyOf(settings()))?.httpHandlerConfigs?.() ?? {},
      destroy() {},
    };
    this.#shared.set(key, Object.freeze(handler));
    return handler;
  }

  /** At the first request: settings that fail then fail that request, and not the process. */
  #make(key: string, settings: ParsedNetworkSettings): Promise<RequestHandler> {
    let making = this.#making.get(key);
    if (!making) {
      making = once(async () => {
        const made = await handlerLike(this.defaults, settings);
        this.#made.set(key, made);
        return made;
      });
      this.#making.set(key, making);
    }
    return making();
  }

  destroy(): void {
    for (const handler of this.#made.values()) handler.destroy?.();
    this.defaults.requestHandler.destroy?.();
  }
}

function isHttp1({ requestHandler }: ClassDefaults): boolean {
  return requestHandler.metadata?.handlerProtocol?.startsWith("http/1") ?? true;
}

/** A handler of the same kind as the class's own, with the same options but for those of the network. */
async function handlerLike(defaults: ClassDefaults, settings: ParsedNetworkSettings): Promise<RequestHandler> {
  const own = defaults.requestHandler;
  const options = await (own as { configProvider?: Promise<object> }).configProvider; // all Node handlers have one
  const isOfNetwork = settings !== NO_NETWORK_SETTINGS && settings !== UNVERIFIED;
  if (!options && !isOfNetwork) return own; // a class's handler of another kind, such as a mock
  const Handler = own.constructor as new (options: object) => RequestHandler;
  return new Handler(await (isHttp1(defaults) ? http1Options : http2Options)(settings, options ?? {}));
}

function assertFitForHttp2({ name }: SdkClientConstructor, network: Network): void {
  const { proxy, connectionTimeout, requestTimeout, socketTimeout } = network.settings();
  if (proxy !== undefined) {
    throw conflict(
      "instance.network.proxy",
      `is set, and ${name} speaks HTTP/2, for which the SDK takes no proxy`,
      "Call that service from an instance without a proxy, such as through a VPC endpoint.",
    );
  }
  if (connectionTimeout !== undefined && requestTimeout === undefined && socketTimeout === undefined) {
    throw conflict(
      "instance.network.connectionTimeout",
      `is set alone, and ${name} speaks HTTP/2, for which the SDK has no such limit`,
      "Set requestTimeout or socketTimeout too: there they include the time to connect.",
    );
  }
}

/** The error for a handler that would bypass the instance's network. */
export function customHandlerError(owner: string, hint = "Leave out that handler, or the network.") {
  return conflict("instance.network", `is set, and ${owner} has a request handler of its own`, hint);
}
