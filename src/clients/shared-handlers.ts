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

/** The parts of an SDK request handler that this file uses. */
export interface RequestHandler {
  readonly metadata?: { readonly handlerProtocol?: string };
  handle(request: unknown, options?: unknown): Promise<unknown>;
  httpHandlerConfigs?(): unknown;
  destroy?(): void;
}

/** A client class's defaults, read from a client without a caller's configuration. */
export interface ClassDefaults {
  readonly requestHandler: RequestHandler;
  readonly httpAuthSchemeProvider: ((parameters: object) => readonly { readonly schemeId: string }[]) | undefined;
  readonly endpointProvider?: unknown;
}

type Env = Record<string, string | undefined>;

const UNVERIFIED: ParsedNetworkSettings = { ...NO_NETWORK_SETTINGS, dangerouslyDisableTlsVerification: true };

/**
 * One request handler per client class and network, so that a thousand clients share one set of sockets. Each handler
 * has the type of its class's default handler, because HTTP/2 services need a different type. Each TLS trust has
 * separate sockets, so no call uses a connection that was opened with less verification.
 */
export class SharedHandlers {
  readonly #classes = new Map<SdkClientConstructor, ClassHandlers>();
  readonly #env: Env;

  /** @param env instances without network settings read its `NODE_TLS_REJECT_UNAUTHORIZED` at each request */
  constructor(env: Env) {
    this.#env = env;
  }

  /**
   * Constructs a client that shares its class's handler. Clients of a class from outside the SDK, such as a mock, do
   * not share a handler.
   * @param config must not contain request-handler options
   * @param clientConfig the caller's configuration. Without `network`, it may contain a request handler
   * @param alwaysVerify whether to ignore `NODE_TLS_REJECT_UNAUTHORIZED`
   * @throws RolecallError `INVALID_REQUEST` if the class cannot apply the network settings
   */
  create(
    Client: SdkClientConstructor,
    config: object,
    clientConfig: object,
    network?: Network,
    alwaysVerify = false,
  ): SdkClient {
    const usesDefaults = network === undefined && Object.keys(clientConfig).length === 0;
    if (usesDefaults && !this.#classes.has(Client)) {
      const client = constructClient(Client, config);
      const handlers = this.#learn(Client, client);
      if (handlers) Object.assign(client.config, { requestHandler: handlers.shared(undefined, alwaysVerify) });
      return client;
    }
    const requestHandler = this.find(Client)?.shared(network, alwaysVerify);
    const shared = requestHandler && { requestHandler };
    if (!network || !shared) return constructClient(Client, { ...shared, ...clientConfig, ...config });
    const client = constructClient(Client, { ...clientConfig, ...config, ...shared });
    if ((client.config as { requestHandler?: unknown }).requestHandler !== requestHandler) {
      throw customHandlerError("the client's class or an extension");
    }
    return client;
  }

  /** The handlers of a class. `undefined` for a mock. */
  find(Client: SdkClientConstructor): ClassHandlers | undefined {
    const known = this.#classes.get(Client);
    if (known) return known;
    const credentials = { accessKeyId: "never-used", secretAccessKey: "never-used" };
    return this.#learn(Client, constructClient(Client, { region: "us-east-1", credentials }));
  }

  /** @param client constructed without a caller's configuration */
  #learn(Client: SdkClientConstructor, client: SdkClient): ClassHandlers | undefined {
    if (!isGuardable(client)) return undefined;
    const { requestHandler, httpAuthSchemeProvider, endpointProvider } = client.config as ClassDefaults;
    const defaults = { requestHandler, httpAuthSchemeProvider, endpointProvider };
    const handlers = new ClassHandlers(Client, defaults, this.#env);
    this.#classes.set(Client, handlers);
    return handlers;
  }

  destroy(): void {
    for (const handlers of this.#classes.values()) handlers.destroy();
    this.#classes.clear();
  }
}

/** A handler that is created at its first request. */
interface LazyHandler {
  readonly load: () => Promise<RequestHandler>;
  loaded: RequestHandler | undefined;
}

/**
 * The handlers of one client class: one per network. Without network settings, one with TLS verification and one
 * without.
 */
class ClassHandlers {
  readonly #shared = new Map<string, RequestHandler>();
  readonly #lazy = new Map<string, LazyHandler>();

  constructor(
    readonly Client: SdkClientConstructor,
    readonly defaults: ClassDefaults,
    readonly env: Env,
  ) {}

  has(handler: unknown): boolean {
    return [...this.#shared.values()].includes(handler as RequestHandler);
  }

  /** The handler's `destroy()` does nothing, because other clients use its sockets. */
  shared(network: Network | undefined, alwaysVerify: boolean): RequestHandler {
    const key = network?.key ?? (alwaysVerify ? "verified" : "environment");
    const known = this.#shared.get(key);
    if (known) return known;
    const { requestHandler } = this.defaults;
    if (network && !isHttp1(requestHandler)) assertFitForHttp2(this.Client, network);
    const current = () => this.#current(network, alwaysVerify);
    const handler: RequestHandler = {
      ...(requestHandler.metadata && { metadata: requestHandler.metadata }),
      handle: async (request, options) => (await current().load()).handle(request, options),
      httpHandlerConfigs: () => current().loaded?.httpHandlerConfigs?.() ?? {},
      destroy() {},
    };
    this.#shared.set(key, Object.freeze(handler));
    return handler;
  }

  /** Created at the first request, so that invalid settings fail that request rather than the process. */
  #current(network: Network | undefined, alwaysVerify: boolean): LazyHandler {
    const isUnverified = !network && !alwaysVerify && envTrust(this.env) === ANYBODY;
    const key = network?.key ?? (isUnverified ? "unverified" : "verified");
    const known = this.#lazy.get(key);
    if (known) return known;
    const settings = network?.settings() ?? (isUnverified ? UNVERIFIED : NO_NETWORK_SETTINGS);
    const load = once(async () => {
      lazy.loaded = await createHandler(this.defaults.requestHandler, settings, network !== undefined);
      return lazy.loaded;
    });
    const lazy: LazyHandler = { load, loaded: undefined };
    this.#lazy.set(key, lazy);
    return lazy;
  }

  destroy(): void {
    for (const { loaded } of this.#lazy.values()) loaded?.destroy?.();
    this.defaults.requestHandler.destroy?.();
  }
}

function isHttp1({ metadata }: RequestHandler): boolean {
  return metadata?.handlerProtocol?.startsWith("http/1") ?? true;
}

/** Creates a handler of the same class and options as the default one, with the network settings applied. */
async function createHandler(classHandler: RequestHandler, settings: ParsedNetworkSettings, isRequired: boolean) {
  const options = await (classHandler as { configProvider?: Promise<object> }).configProvider; // of the SDK's Node handlers
  if (!options && !isRequired) return classHandler; // a handler from outside the SDK, such as a mock
  const Handler = classHandler.constructor as new (options: object) => RequestHandler;
  return new Handler(await (isHttp1(classHandler) ? http1Options : http2Options)(settings, options ?? {}));
}

function assertFitForHttp2({ name }: SdkClientConstructor, network: Network): void {
  const { proxy, connectionTimeout, requestTimeout, socketTimeout } = network.settings();
  if (proxy !== undefined) {
    throw conflict(
      "instance.network.proxy",
      `is set, but ${name} uses HTTP/2, and the SDK's HTTP/2 handler does not support proxies`,
      "For this service, use an instance without a proxy, for example with a VPC endpoint.",
    );
  }
  if (connectionTimeout !== undefined && requestTimeout === undefined && socketTimeout === undefined) {
    throw conflict(
      "instance.network.connectionTimeout",
      `is the only timeout, but ${name} uses HTTP/2, and the SDK's HTTP/2 handler has no connection timeout`,
      "Also set requestTimeout or socketTimeout. With HTTP/2, they include the time to connect.",
    );
  }
}

/** The error for a handler that would bypass the instance's network. */
export function customHandlerError(owner: string, hint = "Remove the request handler or instance.network.") {
  return conflict("instance.network", `is set, but ${owner} has its own request handler`, hint);
}
