import { LRUCache } from "lru-cache";
import { once } from "../once.js";
import { canonicalJson } from "../request/canonical.js";
import type { Network } from "../request/network-settings.js";
import type { RoleRequest } from "../request/role-request.js";
import { abortWaitingSend } from "./abort-waiting-send.js";
import { assertWithinNetwork, isComparable, readClientConfig, readUserAgent } from "./client-config.js";
import type { SdkClient, SdkClientConstructor } from "./client-types.js";
import { type GuardedClient, ViewedClient } from "./client-view.js";
import { assertMockClient, isGuardable } from "./construct-client.js";
import { GuardedStack, type LastStep } from "./guarded-stack.js";
import { type LiveProvider, RoleIdentity } from "./role-identity.js";
import type { MiddlewareStack } from "./sdk-middleware.js";
import type { SharedHandlers } from "./shared-handlers.js";
import { type RejectSession, signAgainOnce } from "./sign-again-once.js";
import { assertSignedAsRole, type ExpectedSigning, guardConfig } from "./signed-as-role.js";
import { SocketShares } from "./socket-shares.js";
import { buildUserAgent } from "./user-agent.js";
import { withholdSecrets } from "./withhold-secrets.js";

export { liveProvider } from "./role-identity.js";

/** What the caller asks of a client. */
export interface ClientWish {
  readonly clientConfig?: object | undefined;
  /** A client of the caller's own. */
  readonly fresh?: boolean | undefined;
  /** Milliseconds that the client's sessions have to live on: `plan` sees to it. */
  readonly minRemaining?: number | undefined;
}

/** What a client is made of. */
export interface ClientPlan {
  /** The session's key: whose requests these are. */
  readonly key: string;
  /** `undefined`: `instanceRegion` is asked at the first send. */
  readonly region: string | undefined;
  readonly instanceRegion: () => Promise<string>;
  readonly credentials: LiveProvider;
  readonly reject: RejectSession;
  readonly network: Network | undefined;
  readonly integration: string | undefined;
}

interface PooledClass {
  readonly number: number;
  /** The clients' names in the pool, made once: a long text takes time to join and to hash. */
  readonly names: WeakMap<RoleRequest, string>;
}

/** Clients by class, role request, region, network, the life that their sessions have to have left, and plain configuration. */
export class ClientPool {
  readonly #clients: LRUCache<string, ViewedClient>;
  readonly #handlers: SharedHandlers;
  readonly #sockets = new SocketShares();
  readonly #classes = new WeakMap<SdkClientConstructor, PooledClass>();
  #lastClassNumber = 0;

  constructor(maxClients: number, handlers: SharedHandlers) {
    this.#clients = new LRUCache({ max: maxClients });
    this.#handlers = handlers;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** @param plan what the client is made of if the pool has none */
  get(Client: SdkClientConstructor, request: RoleRequest, wish: ClientWish, plan: () => ClientPlan): SdkClient {
    const clientConfig = readClientConfig(wish.clientConfig);
    if (wish.fresh || !(clientConfig === undefined || isComparable(clientConfig))) {
      return this.#create(Client, plan(), clientConfig);
    }
    let pooledAs = this.#nameOf(Client, request);
    if (wish.minRemaining) pooledAs += ` ${wish.minRemaining} ms`;
    if (clientConfig) pooledAs += ` ${canonicalJson(clientConfig)}`;
    let client = this.#clients.get(pooledAs);
    if (!client) {
      const made = this.#create(Client, plan(), clientConfig);
      if (!isGuardable(made)) return made;
      client = new ViewedClient(made as GuardedClient);
      this.#clients.set(pooledAs, client);
    }
    return client.view();
  }

  clear(): void {
    this.#clients.clear();
  }

  /** @returns a guarded client, or what a mock makes */
  #create(Client: SdkClientConstructor, plan: ClientPlan, clientConfig: Record<string, unknown> = {}): SdkClient {
    const { network } = plan;
    if (network) assertWithinNetwork(network, clientConfig);
    const identity = new RoleIdentity(plan.credentials);
    const region = once(async () => plan.region ?? (await plan.instanceRegion()));
    const client = this.#handlers.create(
      Client,
      {
        ...(network?.maxAttempts !== undefined && { maxAttempts: clientConfig.maxAttempts ?? network.maxAttempts }),
        region: plan.region ?? region,
        credentials: identity.credentials,
        customUserAgent: [...buildUserAgent(plan.integration), ...readUserAgent(clientConfig.customUserAgent)],
      },
      clientConfig,
      network,
    );
    const classDefaults = isGuardable(client) && this.#handlers.findDefaults(Client);
    if (!classDefaults) {
      assertMockClient(Client, client);
      return client;
    }
    guardConfig(client.config, { identity, region });
    addMiddleware(client.middlewareStack, plan.reject, identity);
    const { requestHandler, endpointProvider } = client.config as {
      requestHandler?: unknown;
      endpointProvider?: unknown;
    };
    const expected = { identity, region, classDefaults, endpointProvider };
    const owner = this.#handlers.isShared(Client, requestHandler) ? `${plan.key} ${network?.key ?? ""}` : undefined;
    client.middlewareStack = new GuardedStack(client.middlewareStack, this.#lastStep(expected, owner), true);
    return client;
  }

  /** @param owner of the request's socket, where sockets are shared */
  #lastStep(expected: ExpectedSigning, owner: string | undefined): LastStep {
    return (send, context) => {
      const operation = context.__smithy_context?.operation; // as the command says it, before any middleware
      return async (args) => {
        await assertSignedAsRole(args.request, operation, context, expected);
        return owner === undefined ? send(args) : this.#sockets.send(owner, args.request, () => send(args));
      };
    };
  }

  /** What the pool calls a client without configuration. Neither a region nor an integration's name holds a space. */
  #nameOf(Client: SdkClientConstructor, request: RoleRequest): string {
    let known = this.#classes.get(Client);
    if (!known) {
      known = { number: ++this.#lastClassNumber, names: new WeakMap() };
      this.#classes.set(Client, known);
    }
    let name = known.names.get(request);
    if (name === undefined) {
      const { key, region, network, integration = "" } = request;
      name = [known.number, key, region?.region ?? "", network?.key ?? "", integration].join(" ");
      known.names.set(request, name);
    }
    return name;
  }
}

function addMiddleware(stack: MiddlewareStack, reject: RejectSession, identity: RoleIdentity): void {
  stack.add(abortWaitingSend, { step: "initialize", priority: "high", name: "rolecallAbort" });
  stack.add(signAgainOnce(reject), { step: "initialize", priority: "low", name: "rolecallSignAgain" });
  stack.add(withholdSecrets(identity), { step: "initialize", priority: "low", name: "rolecallWithholdSecrets" });
  stack.add(identity.rememberBucketSession, { step: "deserialize", priority: "high", name: "rolecallBucketSession" });
}
