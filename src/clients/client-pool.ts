import { LRUCache } from "lru-cache";
import { canonicalJson } from "../request/canonical.js";
import type { Network } from "../request/network-settings.js";
import type { RoleRequest } from "../request/role-request.js";
import { conflict, isGiven, readRecord } from "../request/validation.js";
import type { SessionCredentials } from "../session/session-credentials.js";
import { abortWaitingSend } from "./abort-waiting-send.js";
import { MANAGED_KEYS, type SdkClient, type SdkClientConstructor } from "./client-types.js";
import { roleIdentityOnly } from "./role-identity-only.js";
import type { MiddlewareStack } from "./sdk-middleware.js";
import { ownHandler, type SharedHandlers } from "./shared-handlers.js";
import { type RejectSession, signAgainOnce } from "./sign-again-once.js";
import { userAgentOf } from "./user-agent.js";
import { withholdToken } from "./withhold-token.js";

/**
 * A provider that the SDK asks anew before each request, and keeps no copy of. It takes nothing from the client's
 * configuration, so that the SDK need not bind it to one.
 */
export type LiveProvider = (() => Promise<SessionCredentials>) & {
  readonly memoized: true;
  readonly configBound: true;
  readonly attributed: true;
};

export function liveProvider(read: () => Promise<SessionCredentials>): LiveProvider {
  return Object.assign(() => read(), { memoized: true, configBound: true, attributed: true } as const);
}

/** A provider, and whether it gave an access key: its last one, or the one before, which a request may hold yet. */
function remembering(provider: LiveProvider) {
  let last: string | undefined;
  let previous: string | undefined;
  const credentials = liveProvider(async () => {
    const session = await provider();
    if (session.accessKeyId !== last) [previous, last] = [last, session.accessKeyId];
    return session;
  });
  return { credentials, isOwn: (accessKeyId: string) => accessKeyId === last || accessKeyId === previous };
}

/** What the caller asks of a client. */
export interface ClientWish {
  readonly clientConfig?: object | undefined;
  /** A client of the caller's own. */
  readonly fresh?: boolean | undefined;
}

/** What a client is made of. */
export interface ClientPlan {
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

/** Clients by class, role request, region, network and plain configuration. */
export class ClientPool {
  readonly #clients: LRUCache<string, SdkClient>;
  readonly #handlers: SharedHandlers;
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
    if (wish.fresh || !(clientConfig === undefined || isPlain(clientConfig))) {
      return this.#create(Client, plan(), clientConfig);
    }
    const plain = this.#nameOf(Client, request);
    const pooledAs = clientConfig === undefined ? plain : `${plain} ${canonicalJson(clientConfig)}`;
    let client = this.#clients.get(pooledAs);
    if (!client) {
      client = this.#create(Client, plan(), clientConfig);
      this.#clients.set(pooledAs, client);
    }
    return client;
  }

  clear(): void {
    this.#clients.clear();
  }

  #create(Client: SdkClientConstructor, plan: ClientPlan, clientConfig: Record<string, unknown> = {}): SdkClient {
    const { credentials, isOwn } = remembering(plan.credentials);
    const { network } = plan;
    if (network) assertWithinNetwork(network, clientConfig);
    const config = {
      ...(network?.maxAttempts !== undefined && { maxAttempts: clientConfig.maxAttempts ?? network.maxAttempts }),
      region: plan.region ?? plan.instanceRegion,
      credentials,
      customUserAgent: [...userAgentOf(plan.integration), ...readUserAgent(clientConfig.customUserAgent)],
    };
    type Stacked = SdkClient & { readonly middlewareStack: MiddlewareStack };
    const client = this.#handlers.create<Stacked>(Client, config, clientConfig, network);
    client.middlewareStack.add(abortWaitingSend, { step: "initialize", priority: "high", name: "rolecallAbort" });
    client.middlewareStack.add(signAgainOnce(plan.reject), {
      step: "initialize",
      priority: "low",
      name: "rolecallSignAgain",
    });
    client.middlewareStack.add(withholdToken, { step: "initialize", priority: "low", name: "rolecallWithholdToken" });
    client.middlewareStack.add(roleIdentityOnly(isOwn), {
      step: "finalizeRequest",
      priority: "high",
      name: "rolecallRoleIdentityOnly",
    });
    return client;
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

/** The caller's configuration without what is not given: `undefined` must not undo a default of ours. */
function readClientConfig(value: unknown): Record<string, unknown> | undefined {
  if (!isGiven(value)) return undefined;
  const settings = readRecord("options.clientConfig", value, "an object, the client's own configuration");
  const given = Object.entries(settings).filter(([, setting]) => setting !== undefined);
  if (given.length === 0) return undefined;
  const config: Record<string, unknown> = Object.fromEntries(given);
  const managed = MANAGED_KEYS.find((key) => isGiven(config[key]));
  if (managed) {
    throw conflict(
      `options.clientConfig.${managed}`,
      "is set by the library",
      "Set the region in the command or the instance, and the identity by roleArn or instance.credentials.",
    );
  }
  return config;
}

/** What the administrator says of the network, the author's configuration may narrow and not pass by. */
function assertWithinNetwork({ maxAttempts }: Network, clientConfig: Record<string, unknown>): void {
  if (isGiven(clientConfig.requestHandler)) throw ownHandler("options.clientConfig");
  if (maxAttempts === undefined) return;
  const { maxAttempts: wanted, retryStrategy } = clientConfig;
  const isWithin = !isGiven(wanted) || (typeof wanted === "number" && wanted <= maxAttempts);
  if (isWithin && !isGiven(retryStrategy)) return;
  throw conflict(
    `options.clientConfig.${isWithin ? "retryStrategy" : "maxAttempts"}`,
    `is set, and instance.network.maxAttempts is ${maxAttempts}`,
    `Set maxAttempts to a number of at most ${maxAttempts}, or leave it out.`,
  );
}

/** Only configuration that can be compared is shared: two functions may differ in all that they do. */
function isPlain(config: Record<string, unknown>): boolean {
  return Object.values(config).every(
    (value) => value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value),
  );
}

function readUserAgent(value: unknown): readonly unknown[] {
  if (!isGiven(value)) return [];
  return Array.isArray(value) ? value : [[value]];
}
