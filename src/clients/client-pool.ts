import { LRUCache } from "lru-cache";
import { once } from "../once.js";
import { canonicalJson } from "../request/canonical.js";
import { assertInPartition } from "../request/regions.js";
import { type RoleRequest, serviceRegion } from "../request/role-request.js";
import type { Sessions } from "../sessions.js";
import type { Machine } from "../sources/machine.js";
import { abortWaitingSend } from "./abort-waiting-send.js";
import { assertWithinNetwork, isComparable, readClientConfig, readUserAgent } from "./client-config.js";
import type { SdkClient, SdkClientConstructor } from "./client-types.js";
import { type GuardedClient, ViewedClient } from "./client-view.js";
import { assertMockClient, isGuardable } from "./construct-client.js";
import { GuardedStack, type LastStep } from "./guarded-stack.js";
import { RoleIdentity } from "./role-identity.js";
import type { MiddlewareStack } from "./sdk-middleware.js";
import type { SharedHandlers } from "./shared-handlers.js";
import { type ReplaceSession, signAgainOnce } from "./sign-again-once.js";
import { assertSignedAsRole, type ExpectedSigning, guardConfig } from "./signed-as-role.js";
import { SocketShares } from "./socket-shares.js";
import { buildUserAgent } from "./user-agent.js";
import { withholdSecrets } from "./withhold-secrets.js";

/** What the caller asks of a client. */
export interface ClientDemand {
  readonly clientConfig?: object | undefined;
  /** Never a pooled one. */
  readonly fresh?: boolean | undefined;
  /** Milliseconds that the client's sessions must still live. */
  readonly minRemaining?: number | undefined;
}

export interface ClientPoolOptions {
  readonly maxClients: number;
  readonly handlers: SharedHandlers;
  readonly sessions: Pick<Sessions, "provider" | "replace">;
  readonly machine: Pick<Machine, "region">;
}

/** Clients by class, role request, region, network, the life that their sessions must have left, and plain configuration. */
export class ClientPool {
  readonly #clients: LRUCache<string, ViewedClient>;
  readonly #options: ClientPoolOptions;
  readonly #sockets = new SocketShares();
  readonly #classNumbers = new WeakMap<SdkClientConstructor, number>();
  #lastClassNumber = 0;

  constructor(options: ClientPoolOptions) {
    this.#clients = new LRUCache({ max: options.maxClients });
    this.#options = options;
  }

  get size(): number {
    return this.#clients.size;
  }

  get(Client: SdkClientConstructor, request: RoleRequest, demand: ClientDemand): SdkClient {
    const clientConfig = readClientConfig(demand.clientConfig);
    const { minRemaining } = demand;
    if (demand.fresh || !(clientConfig === undefined || isComparable(clientConfig))) {
      return this.#create(Client, request, minRemaining, clientConfig);
    }
    const name = this.#nameOf(Client, request, minRemaining, clientConfig);
    const pooled = this.#clients.get(name);
    if (pooled) return pooled.view();
    const made = this.#create(Client, request, minRemaining, clientConfig);
    if (!isGuardable(made)) return made;
    const client = new ViewedClient(made as GuardedClient);
    this.#clients.set(name, client);
    return client.view();
  }

  clear(): void {
    this.#clients.clear();
  }

  /** @returns a guarded client, or what a mock makes */
  #create(
    Client: SdkClientConstructor,
    request: RoleRequest,
    minRemaining: number | undefined,
    clientConfig: Record<string, unknown> = {},
  ): SdkClient {
    const { sessions, handlers } = this.#options;
    const { network, integration, key } = request;
    if (network) assertWithinNetwork(network, clientConfig);
    const identity = new RoleIdentity(sessions.provider(request, minRemaining));
    const fixedRegion = serviceRegion(request);
    const region = once(async () => fixedRegion ?? this.#machineRegion(request));
    const client = handlers.create(
      Client,
      {
        ...(network?.maxAttempts !== undefined && { maxAttempts: clientConfig.maxAttempts ?? network.maxAttempts }),
        region: fixedRegion ?? region,
        credentials: identity.credentials,
        customUserAgent: [...buildUserAgent(integration), ...readUserAgent(clientConfig.customUserAgent)],
      },
      clientConfig,
      network,
    );
    const classDefaults = isGuardable(client) && handlers.findDefaults(Client);
    if (!classDefaults) {
      assertMockClient(Client, client);
      return client;
    }
    guardConfig(client.config, { identity, region });
    const replace = (accessKeyId: string, doubtful: boolean) => sessions.replace(request, accessKeyId, doubtful);
    addMiddleware(client.middlewareStack, replace, identity);
    const { requestHandler, endpointProvider } = client.config as {
      requestHandler?: unknown;
      endpointProvider?: unknown;
    };
    const expected = { identity, region, classDefaults, endpointProvider };
    const socketOwner = handlers.isShared(Client, requestHandler) ? `${key} ${network?.key ?? ""}` : undefined;
    client.middlewareStack = new GuardedStack(client.middlewareStack, this.#lastStep(expected, socketOwner), true);
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

  async #machineRegion({ assumption }: RoleRequest): Promise<string> {
    const region = await this.#options.machine.region();
    assertInPartition({ from: "the machine's region", value: region }, assumption?.role);
    return region;
  }

  /** Neither a region nor an integration's name holds a space. */
  #nameOf(
    Client: SdkClientConstructor,
    { key, region, network, integration = "" }: RoleRequest,
    minRemaining = 0,
    clientConfig: object = {},
  ): string {
    const number = this.#classNumbers.get(Client) ?? ++this.#lastClassNumber;
    this.#classNumbers.set(Client, number);
    const config = canonicalJson(clientConfig);
    return [number, key, region?.value ?? "", network?.key ?? "", integration, minRemaining, config].join(" ");
  }
}

function addMiddleware(stack: MiddlewareStack, replace: ReplaceSession, identity: RoleIdentity): void {
  stack.add(abortWaitingSend, { step: "initialize", priority: "high", name: "rolecallAbort" });
  stack.add(signAgainOnce(replace), { step: "initialize", priority: "low", name: "rolecallSignAgain" });
  stack.add(withholdSecrets(identity), { step: "initialize", priority: "low", name: "rolecallWithholdSecrets" });
  stack.add(identity.rememberBucketSession, { step: "deserialize", priority: "high", name: "rolecallBucketSession" });
}
