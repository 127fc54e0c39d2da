import {
  assertClientClass,
  assertReachable,
  readClientOptions,
  readProviderOptions,
  readResolveOptions,
  readSessionOptions,
  readVerifyOptions,
} from "./call-options.js";
import { ClientPool } from "./clients/client-pool.js";
import type { SdkClientConstructor } from "./clients/client-types.js";
import { SharedHandlers } from "./clients/shared-handlers.js";
import { Diagnostics } from "./diagnostics.js";
import { isRolecallError } from "./errors.js";
import { once } from "./once.js";
import type { AuthorSession } from "./request/author-session.js";
import type { CommandOverrides } from "./request/command-overrides.js";
import { type IntegrationInstance, readInstance } from "./request/integration-instance.js";
import { KnownRequests } from "./request/known-requests.js";
import { Platform } from "./request/platform.js";
import type { RoleRequest } from "./request/role-request.js";
import {
  assertServable,
  type CredentialResolverOptions,
  type ResolverSettings,
  readResolverOptions,
} from "./resolver-options.js";
import type {
  ClientOptions,
  CredentialResolver,
  ProviderOptions,
  ResolveOptions,
  ResolverStats,
  SessionOptions,
  VerifiedIdentity,
  VerifyOptions,
} from "./resolver-types.js";
import { rememberRuntime } from "./runtime.js";
import { closedError } from "./session/credential-cache.js";
import type { SessionCredentials } from "./session/session-credentials.js";
import { Sessions } from "./sessions.js";
import { createMachine } from "./sources/machine.js";
import { ServerClocks } from "./sources/server-clock.js";
import type { Sts } from "./sources/sts.js";
import { verifyIdentity } from "./verify-identity.js";

type Command = CommandOverrides | null | undefined;

/**
 * Creates a resolver, for example with other limits or with a mocked STS for tests.
 * @throws RolecallError `INVALID_REQUEST`, which names the invalid option
 */
export function createCredentialResolver(options?: CredentialResolverOptions): CredentialResolver {
  const settings = readResolverOptions(options);
  const resolver = new Resolver(settings);
  rememberRuntime(resolver, settings.runtime);
  return resolver;
}

/** Its methods are properties, so that callers can pass them around without the resolver. */
class Resolver implements CredentialResolver {
  readonly #settings: ResolverSettings;
  readonly #platform: Platform;
  readonly #requests: KnownRequests;
  readonly #diagnostics = new Diagnostics();
  readonly #handlers: SharedHandlers;
  readonly #sessions: Sessions;
  readonly #clients: ClientPool;
  readonly #sts: () => Promise<Sts>;
  #loadedSts: Sts | undefined;
  readonly #closing = new AbortController();

  constructor(settings: ResolverSettings) {
    const serverClocks = new ServerClocks();
    const machine = createMachine(settings, this.#closing.signal);
    this.#settings = settings;
    const replacesInstanceProfile = settings.instanceProfile !== undefined;
    this.#platform = new Platform(settings.runtime.env, { replacesInstanceProfile });
    this.#requests = new KnownRequests(settings.maxSessions);
    this.#handlers = new SharedHandlers(settings.runtime.env);
    const parts = { diagnostics: this.#diagnostics, handlers: this.#handlers, machine, serverClocks };
    this.#sts = once(async () => {
      const { Sts } = await import("./sources/sts.js");
      this.#loadedSts = new Sts({ ...settings, ...parts });
      return this.#loadedSts;
    });
    this.#sessions = new Sessions({ ...parts, settings, sts: this.#sts });
    this.#clients = new ClientPool({ ...parts, maxClients: settings.maxClients, sessions: this.#sessions });
  }

  readonly getClientForCommand = <K extends SdkClientConstructor>(
    Client: K,
    instance: IntegrationInstance,
    command?: Command,
    options?: ClientOptions<K>,
  ): InstanceType<K> => {
    assertClientClass(Client);
    const demand = readClientOptions(options);
    const request = this.#request(instance, command, demand.session);
    assertReachable(demand.minRemaining, request);
    return this.#clients.get(Client, request, demand) as InstanceType<K>;
  };

  readonly resolve = async (
    instance: IntegrationInstance,
    command?: Command,
    options?: ResolveOptions,
  ): Promise<SessionCredentials> => {
    const { session, ...demand } = readResolveOptions(options);
    const request = this.#request(instance, command, session);
    assertReachable(demand.minRemaining, request);
    return await this.#sessions.get(request.chain, demand); // awaited, so that the stack of an error includes the caller
  };

  readonly provider = (
    instance: IntegrationInstance,
    command?: Command,
    options?: ProviderOptions,
  ): (() => Promise<SessionCredentials>) => {
    const { session, minRemaining } = readProviderOptions(options);
    const request = this.#request(instance, command, session);
    assertReachable(minRemaining, request);
    return this.#sessions.provider(request.chain, minRemaining);
  };

  readonly verify = async (
    instance: IntegrationInstance,
    command?: Command,
    options?: VerifyOptions,
  ): Promise<VerifiedIdentity> => {
    const { session, ...demand } = readVerifyOptions(options);
    const { chain } = this.#request(instance, command, session);
    return await verifyIdentity(chain, demand, this.#sessions, this.#sts, this.#closing.signal);
  };

  readonly invalidate = async (
    instance: IntegrationInstance,
    command?: Command,
    options?: SessionOptions,
  ): Promise<void> => {
    await this.#sessions.invalidate(this.#request(instance, command, readSessionOptions(options).session).chain);
  };

  readonly stats = (): ResolverStats => {
    const count = this.#diagnostics.count.bind(this.#diagnostics);
    const limiter = this.#loadedSts?.calls.limiter;
    return {
      sessions: this.#sessions.cache.size,
      clients: this.#clients.size,
      hits: count("hit"),
      misses: count("miss"),
      joined: count("joined"),
      refreshes: count("refreshed"),
      refreshFailures: count("refresh-failed"),
      denied: count("denied"),
      notAllowed: count("role-not-allowed"),
      invalidations: count("invalidated"),
      evictions: count("evicted"),
      storeErrors: count("store-error"),
      assumeRoleInFlight: limiter?.inFlight ?? 0,
      assumeRoleQueued: limiter?.queued ?? 0,
    };
  };

  readonly close = async (): Promise<void> => {
    this.#closing.abort(closedError());
    this.#sessions.cache.close();
    this.#clients.clear();
    this.#handlers.destroy();
  };

  readonly [Symbol.asyncDispose] = this.close;

  /** Merges the settings of instance, command and author into one request. Throws before any call to AWS. */
  #request(instance: IntegrationInstance, command: Command, session: AuthorSession | null | undefined): RoleRequest {
    if (this.#closing.signal.aborted) throw closedError();
    try {
      const { env } = this.#settings.runtime;
      const request = this.#requests.get(instance, command, session, env, this.#platform);
      assertServable(request, this.#settings);
      this.#sessions.adopt(request.chain);
      return request;
    } catch (error) {
      this.#publishRefusal(error, instance);
      throw error;
    }
  }

  #publishRefusal(error: unknown, instance: IntegrationInstance): void {
    if (!isRolecallError(error) || error.code !== "ROLE_NOT_ALLOWED") return;
    const setBy = error.field?.split(".", 1)[0] as "command" | "instance" | undefined;
    const { integration } = readInstance(instance);
    this.#diagnostics.publish("role-not-allowed", { roleArn: error.roleArn, setBy, integration });
  }
}
