import { type BoundedCache, boundedCache } from "../bounded-cache.js";
import { once } from "../once.js";
import { canonicalJson } from "../request/canonical.js";
import { assertInPartition } from "../request/regions.js";
import { type RoleRequest, serviceRegion } from "../request/role-request.js";
import type { Sessions } from "../sessions.js";
import type { Machine } from "../sources/machine.js";
import { assertWithinNetwork, buildUserAgent, isComparable, readClientConfig } from "./client-config.js";
import { addMiddleware } from "./client-middleware.js";
import type { SdkClient, SdkClientConstructor } from "./client-types.js";
import { assertMockClient, isGuardable } from "./construct-client.js";
import { GuardedStack, type LastStep } from "./guarded-stack.js";
import { RoleIdentity } from "./role-identity.js";
import type { ClassDefaults, SharedHandlers } from "./shared-handlers.js";
import { assertSignedAsRole, type ExpectedSigning, guardConfig } from "./signed-as-role.js";
import { SocketShares } from "./socket-shares.js";

/** A caller's requirements for a client. */
export interface ClientDemand {
  readonly clientConfig?: object | undefined;
  /** Always creates a client. */
  readonly fresh?: boolean | undefined;
  /** Minimum remaining lifetime of the client's sessions, in milliseconds. */
  readonly minRemaining?: number | undefined;
}

export interface ClientPoolOptions {
  readonly maxClients: number;
  readonly handlers: SharedHandlers;
  readonly sessions: Pick<Sessions, "provider" | "replace">;
  readonly machine: Pick<Machine, "region">;
}

type CreateView = () => SdkClient;

/** Pools clients by class, role request, region, network, minimum session lifetime and plain configuration. */
export class ClientPool {
  readonly #views: BoundedCache<CreateView>;
  readonly #options: ClientPoolOptions;
  readonly #sockets = new SocketShares();
  readonly #classNumbers = new WeakMap<SdkClientConstructor, number>();
  #lastClassNumber = 0;

  constructor(options: ClientPoolOptions) {
    this.#views = boundedCache(options.maxClients);
    this.#options = options;
  }

  get size(): number {
    return this.#views.size;
  }

  get(Client: SdkClientConstructor, request: RoleRequest, demand: ClientDemand): SdkClient {
    const clientConfig = readClientConfig(demand.clientConfig);
    const { minRemaining } = demand;
    if (demand.fresh || !(clientConfig === undefined || isComparable(clientConfig))) {
      return this.#create(Client, request, minRemaining, clientConfig);
    }
    const key = this.#buildKey(Client, request, minRemaining, clientConfig);
    const pooled = this.#views.get(key);
    if (pooled) return pooled();
    const client = this.#create(Client, request, minRemaining, clientConfig);
    if (!isGuardable(client)) return client;
    const createView = prepareViews(client as GuardedClient);
    this.#views.set(key, createView);
    return createView();
  }

  clear(): void {
    this.#views.clear();
  }

  /** @returns a guarded client, or the mock's client */
  #create(
    Client: SdkClientConstructor,
    request: RoleRequest,
    minRemaining: number | undefined,
    clientConfig: Record<string, unknown> = {},
  ): SdkClient {
    const { sessions, handlers } = this.#options;
    const { network, integration, chain } = request;
    if (network) assertWithinNetwork(network, clientConfig);
    const identity = new RoleIdentity(sessions.provider(chain, minRemaining));
    const fixedRegion = serviceRegion(request);
    const region = once(async () => fixedRegion ?? this.#machineRegion(request));
    const config = {
      ...(network?.maxAttempts !== undefined && { maxAttempts: clientConfig.maxAttempts ?? network.maxAttempts }),
      region: fixedRegion ?? region,
      credentials: identity.credentials,
      customUserAgent: buildUserAgent(integration, clientConfig.customUserAgent),
    };
    const client = handlers.create(Client, config, clientConfig, network);
    const classHandlers = isGuardable(client) && handlers.find(Client);
    if (!classHandlers) {
      assertMockClient(Client, client);
      return client;
    }
    guardConfig(client.config, { identity, region });
    addMiddleware(client.middlewareStack, identity, (accessKeyId, doubtful) =>
      sessions.replace(chain, accessKeyId, doubtful),
    );
    const { requestHandler, endpointProvider } = client.config as ClassDefaults;
    const expected = { identity, region, classDefaults: classHandlers.defaults, endpointProvider };
    const socketOwner = classHandlers.has(requestHandler) ? `${chain.key} ${network?.key ?? ""}` : undefined;
    client.middlewareStack = new GuardedStack(client.middlewareStack, this.#lastStep(expected, socketOwner));
    return client;
  }

  /** @param owner owns the request's socket; `undefined` if the client does not share sockets */
  #lastStep(expected: ExpectedSigning, owner: string | undefined): LastStep {
    return (send, context) => {
      const operation = context.__smithy_context?.operation; // read before any middleware can change it
      return async (args) => {
        await assertSignedAsRole(args.request, operation, context, expected);
        return owner === undefined ? send(args) : this.#sockets.send(owner, args.request, () => send(args));
      };
    };
  }

  async #machineRegion({ chain: { assumption } }: RoleRequest): Promise<string> {
    const region = await this.#options.machine.region();
    assertInPartition({ from: "the machine's region", value: region }, assumption?.role);
    return region;
  }

  /** Separates the parts with spaces, which no region or integration name contains. */
  #buildKey(
    Client: SdkClientConstructor,
    { chain: { key }, region, network, integration = "" }: RoleRequest,
    minRemaining = 0,
    clientConfig: object | undefined,
  ): string {
    const number = this.#classNumbers.get(Client) ?? ++this.#lastClassNumber;
    this.#classNumbers.set(Client, number);
    const config = clientConfig ? canonicalJson(clientConfig) : "{}";
    return `${number} ${key} ${region?.value ?? ""} ${network?.key ?? ""} ${integration} ${minRemaining} ${config}`;
  }
}

interface GuardedClient extends SdkClient {
  config: object;
  middlewareStack: GuardedStack;
}

/**
 * Creates views of a pooled client. Each caller gets a view with its own configuration and middleware stack, so callers
 * never see each other's changes. A view costs a hundredth of what a client costs.
 */
function prepareViews(client: GuardedClient): CreateView {
  // Has only plain values, which V8 copies as a block. The client's own configuration has accessors.
  const config = { ...client.config };
  for (const value of Object.values(config)) if (Array.isArray(value)) Object.freeze(value);
  return () => {
    const view: GuardedClient = Object.create(client);
    view.config = { ...config };
    view.middlewareStack = client.middlewareStack.clone();
    return view;
  };
}
