import { LRUCache } from "lru-cache";
import { canonicalJson } from "../request/canonical.js";
import { conflict, isGiven, readRecord } from "../request/validation.js";
import type { SessionCredentials } from "../session/session-credentials.js";
import { abortWaitingSend } from "./abort-waiting-send.js";
import { MANAGED_KEYS, type SdkClient, type SdkClientConstructor } from "./client-types.js";
import { roleIdentityOnly } from "./role-identity-only.js";
import type { MiddlewareStack } from "./sdk-middleware.js";
import type { SharedHandlers } from "./shared-handlers.js";
import { type RejectSession, signAgainOnce } from "./sign-again-once.js";
import { userAgentOf } from "./user-agent.js";
import { withholdToken } from "./withhold-token.js";

/** A provider that the SDK asks anew before each request, and keeps no copy of. */
export type LiveProvider = (() => Promise<SessionCredentials>) & { readonly memoized: true };

export function liveProvider(read: () => Promise<SessionCredentials>): LiveProvider {
  return Object.assign(() => read(), { memoized: true as const });
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

/** What a client is made of. */
export interface ClientPlan {
  /** Hash of the role request. */
  readonly key: string;
  /** `undefined`: `instanceRegion` is asked at the first send. */
  readonly region: string | undefined;
  readonly instanceRegion: () => Promise<string>;
  readonly credentials: LiveProvider;
  readonly reject: RejectSession;
  readonly integration: string | undefined;
  readonly clientConfig: object | undefined;
  /** A client of the caller's own. */
  readonly fresh: boolean;
}

/** Clients by class, role request, region and plain configuration. */
export class ClientPool {
  readonly #clients: LRUCache<string, SdkClient>;
  readonly #handlers: SharedHandlers;
  readonly #classNumbers = new WeakMap<SdkClientConstructor, number>();
  #lastClassNumber = 0;

  constructor(maxClients: number, handlers: SharedHandlers) {
    this.#clients = new LRUCache({ max: maxClients });
    this.#handlers = handlers;
  }

  get size(): number {
    return this.#clients.size;
  }

  get(Client: SdkClientConstructor, plan: ClientPlan): SdkClient {
    const clientConfig = readClientConfig(plan.clientConfig);
    if (plan.fresh || !isPlain(clientConfig)) return this.#create(Client, plan, clientConfig);
    const { key, region, integration } = plan;
    const pooledAs = canonicalJson([this.#numberOf(Client), key, region ?? null, integration ?? null, clientConfig]);
    let client = this.#clients.get(pooledAs);
    if (!client) {
      client = this.#create(Client, plan, clientConfig);
      this.#clients.set(pooledAs, client);
    }
    return client;
  }

  clear(): void {
    this.#clients.clear();
  }

  #create(Client: SdkClientConstructor, plan: ClientPlan, clientConfig: Record<string, unknown>): SdkClient {
    const { credentials, isOwn } = remembering(plan.credentials);
    const Constructor = Client as unknown as new (config: object) => SdkClient & { middlewareStack: MiddlewareStack };
    const client = new Constructor({
      requestHandler: this.#handlers.for(Client),
      ...clientConfig,
      region: plan.region ?? plan.instanceRegion,
      credentials,
      customUserAgent: [...userAgentOf(plan.integration), ...readUserAgent(clientConfig.customUserAgent)],
    });
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

  #numberOf(Client: SdkClientConstructor): number {
    let number = this.#classNumbers.get(Client);
    if (number === undefined) {
      number = ++this.#lastClassNumber;
      this.#classNumbers.set(Client, number);
    }
    return number;
  }
}

/** The caller's configuration without what is not given: `undefined` must not undo a default of ours. */
function readClientConfig(value: unknown): Record<string, unknown> {
  if (!isGiven(value)) return {};
  const settings = readRecord("options.clientConfig", value, "an object, the client's own configuration");
  const given = Object.entries(settings).filter(([, setting]) => setting !== undefined);
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
