import { ClientPool, liveProvider } from "./clients/client-pool.js";
import type { ClientConfigOf, InstanceOf, SdkClientConstructor } from "./clients/client-types.js";
import { SharedHandlers } from "./clients/shared-handlers.js";
import { Diagnostics } from "./diagnostics.js";
import { RolecallError } from "./errors.js";
import { once } from "./once.js";
import type { AuthorSession } from "./request/author-session.js";
import type { CommandOverrides } from "./request/command-overrides.js";
import type { IntegrationInstance } from "./request/integration-instance.js";
import { isSessionOf } from "./request/role-arn.js";
import { assertInPartition, createRoleRequest, type RoleRequest, serviceRegion } from "./request/role-request.js";
import { invalid, isGiven, readBoolean, readInteger, readSettings } from "./request/validation.js";
import { type CredentialResolverOptions, readResolverOptions } from "./resolver-options.js";
import { CredentialCache, closedError } from "./session/credential-cache.js";
import { DEFAULT_RULES } from "./session/refresh-policy.js";
import type { SessionCredentials } from "./session/session-credentials.js";
import { Flight, type SessionSource, type SessionWish } from "./session/session-slot.js";
import { baseIdentitySource } from "./sources/base-identity-source.js";
import type { CallerIdentity } from "./sources/caller-identity.js";
import { ServerClock } from "./sources/server-clock.js";
import type { StsCalls } from "./sources/sts-calls.js";
import type { StsCaller } from "./sources/sts-clients.js";

/** What the author of a command may say about its client. */
export interface ClientOptions<K extends SdkClientConstructor> {
  /** Narrows or labels the command's session. */
  session?: AuthorSession | null | undefined;
  /** The client's own configuration. Identity and region are not part of it: the library sets them. */
  clientConfig?: ClientConfigOf<K> | undefined;
  /** A client of one's own instead of a pooled one. Default `false`. */
  fresh?: boolean | undefined;
}

export interface ProviderOptions {
  /** Narrows or labels the command's session. */
  session?: AuthorSession | null | undefined;
}

/** What one caller asks of a session. */
export interface ResolveOptions extends ProviderOptions {
  /** Frees this caller at once, with `ABORTED`; others who wait for the same session are not touched. */
  signal?: AbortSignal | undefined;
  /** Asks STS even if a valid session is held. Default `false`. */
  forceRefresh?: boolean | undefined;
  /** Milliseconds that the session has to live on: one with less is loaded anew first. For presigned URLs. Default 0. */
  minRemaining?: number | undefined;
}

/** Who a command acts as, by AWS's own word. */
export interface VerifiedIdentity extends CallerIdentity {
  /** The region of the STS endpoint that answered. */
  readonly region: string;
  /** The role that was asked for. Absent where the base identity itself acts. */
  readonly roleArn?: string;
  /** Who called STS to assume it. */
  readonly base: CallerIdentity;
}

/** Counts since the resolver was made, and what it holds now. */
export interface ResolverStats {
  /** Keys held, base identities included. */
  readonly sessions: number;
  /** Pooled clients. */
  readonly clients: number;
  /** Answers from memory. The SDK asks two or three times per send, and each is counted. */
  readonly hits: number;
  /** Callers who found nothing valid and started a load. */
  readonly misses: number;
  /** Callers who found nothing valid and joined a load. */
  readonly joined: number;
  /** Sessions that the sources gave. */
  readonly refreshes: number;
  readonly refreshFailures: number;
  /** Refusals by STS, and callers who were answered with a remembered one. */
  readonly denied: number;
  readonly invalidations: number;
  readonly evictions: number;
  /** Calls to STS under way. */
  readonly assumeRoleInFlight: number;
  /** Calls to STS that wait for their turn. */
  readonly assumeRoleQueued: number;
}

/** Turns integration instances and commands into clients and credentials. One per process is enough. */
export interface CredentialResolver {
  /**
   * A client that acts as the command's role, in its region, with credentials that are never stale. Synchronous:
   * credentials resolve at the first `send`. The same settings give the same client.
   * @throws RolecallError `INVALID_REQUEST`, `ROLE_NOT_ALLOWED` or `RESOLVER_CLOSED`, before any network call
   */
  getClientForCommand<K extends SdkClientConstructor>(
    Client: K,
    instance: IntegrationInstance,
    command?: CommandOverrides | null,
    options?: ClientOptions<K>,
  ): InstanceOf<K>;
  /**
   * The credentials themselves.
   * @throws RolecallError with any code; see `docs/errors.md`
   */
  resolve(
    instance: IntegrationInstance,
    command?: CommandOverrides | null,
    options?: ResolveOptions,
  ): Promise<SessionCredentials>;
  /**
   * A credential provider for what takes one: presigners, `lib-storage`, any SDK v3 client. It reads the settings now,
   * and checks them now.
   * @throws RolecallError `INVALID_REQUEST`, `ROLE_NOT_ALLOWED` or `RESOLVER_CLOSED`
   */
  provider(
    instance: IntegrationInstance,
    command?: CommandOverrides | null,
    options?: ProviderOptions,
  ): () => Promise<SessionCredentials>;
  /**
   * The "Test" button: asks AWS who the command acts as, through the same path as any command, and checks that it is
   * the account and role that were asked for.
   * @throws RolecallError with any code; `ASSUME_ROLE_INVALID` if it is another identity
   */
  verify(
    instance: IntegrationInstance,
    command?: CommandOverrides | null,
    options?: ProviderOptions,
  ): Promise<VerifiedIdentity>;
  /**
   * Drops the session that these settings lead to, so that the next command gets a new one; without a role, the base
   * identity. A load under way does not bring it back.
   */
  invalidate(
    instance: IntegrationInstance,
    command?: CommandOverrides | null,
    options?: ProviderOptions,
  ): Promise<void>;
  stats(): ResolverStats;
  /** Ends timers, sockets and waits; whoever waits or asks later gets `RESOLVER_CLOSED`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Milliseconds within which a denied role does not make the base identity be read again. */
const BASE_READ_RECENTLY = 60_000;

/**
 * A resolver of its own: for other limits, or for a mocked STS in tests.
 * @throws RolecallError `INVALID_REQUEST` naming the option that is wrong
 */
export function createCredentialResolver(options?: CredentialResolverOptions): CredentialResolver {
  const settings = readResolverOptions(options);
  const { runtime } = settings;
  const diagnostics = new Diagnostics();
  const serverClock = new ServerClock();
  const handlers = new SharedHandlers();
  const pool = new ClientPool(settings.maxClients, handlers);
  const cache = new CredentialCache({ ...settings, diagnostics });
  const roleRules = { ...DEFAULT_RULES, advisoryWindow: settings.advisoryWindow };
  let stsCalls: StsCalls | undefined;
  let closed = false;

  const instanceProfileModule = () => import("./sources/instance-profile.js");
  const instanceRegion = once(async () => (await instanceProfileModule()).readInstanceRegion(runtime.env));
  const readInstanceProfile =
    settings.instanceProfile ?? (async () => (await instanceProfileModule()).readInstanceProfile(runtime.env));

  /** STS with all that it needs, loaded by the first session that no cache holds. */
  const sts = once(async () => {
    const [{ RoleAssumer }, { StsCalls }, { StsClients }, { readCallerIdentity }] = await Promise.all([
      import("./sources/assume-role.js"),
      import("./sources/sts-calls.js"),
      import("./sources/sts-clients.js"),
      import("./sources/caller-identity.js"),
    ]);
    const clients = new StsClients({ ...settings, handlers, instanceRegion });
    const calls = new StsCalls({ runtime, settings: settings.assumeRole, clients, serverClock });
    stsCalls = calls;
    return {
      calls,
      clients,
      assumer: new RoleAssumer({ runtime, diagnostics, serverClock, calls }),
      readCallerIdentity,
    };
  });

  function requestOf(
    instance: IntegrationInstance,
    command: CommandOverrides | null | undefined,
    session: AuthorSession | null | undefined,
  ): RoleRequest {
    if (closed) throw closedError();
    return createRoleRequest(instance, command, session, runtime.env);
  }

  function baseSourceOf({ base, baseKey }: RoleRequest): SessionSource {
    return baseIdentitySource(base, baseKey, { runtime, serverClock, readInstanceProfile });
  }

  function sourceOf(request: RoleRequest): SessionSource {
    const { assumption, key } = request;
    if (!assumption) return baseSourceOf(request);
    return {
      key,
      roleArn: assumption.role.arn,
      rules: roleRules,
      load: async (flight) => (await sts()).assumer.assume(request, assumption, baseCallerOf(request), flight),
    };
  }

  function providerOf(request: RoleRequest) {
    const source = sourceOf(request);
    return liveProvider(() => cache.get(source));
  }

  function baseCallerOf(request: RoleRequest): StsCaller {
    const source = baseSourceOf(request);
    const { baseKey } = request;
    const canBeReadAgain = request.base.kind !== "static";
    return {
      key: baseKey,
      credentials: liveProvider(() => cache.get(source)),
      reject(accessKeyId) {
        if (canBeReadAgain && accessKeyId !== undefined) cache.invalidate(baseKey, accessKeyId);
        return canBeReadAgain;
      },
      async hasChanged(accessKeyId) {
        if (!canBeReadAgain || !cache.isOlderThan(baseKey, BASE_READ_RECENTLY)) return false;
        const now = await cache.get(source, { forceRefresh: true }).catch(() => undefined);
        return now !== undefined && now.accessKeyId !== accessKeyId;
      },
    };
  }

  /** The acting identity as a caller of STS. Without a role that is the base identity. */
  function actingCallerOf(request: RoleRequest): StsCaller {
    if (!request.assumption) return baseCallerOf(request);
    return {
      key: request.key,
      credentials: providerOf(request),
      reject: (accessKeyId) => accessKeyId !== undefined && cache.invalidate(request.key, accessKeyId),
      hasChanged: async () => false,
    };
  }

  return {
    getClientForCommand(Client, instance, command, clientOptions) {
      const { session, clientConfig, fresh } = readClientOptions(Client, clientOptions);
      const request = requestOf(instance, command, session);
      return pool.get(Client, {
        key: request.key,
        region: serviceRegion(request),
        instanceRegion: async () => {
          const region = await instanceRegion();
          assertInPartition({ field: "the machine's region", region }, request.assumption?.role);
          return region;
        },
        credentials: providerOf(request),
        reject: (accessKeyId, doubtful) => cache.reject(request.key, accessKeyId, doubtful),
        integration: request.integration,
        clientConfig,
        fresh,
      }) as InstanceOf<typeof Client>;
    },

    async resolve(instance, command, resolveOptions) {
      const { session, ...wish } = readResolveOptions(resolveOptions);
      return cache.get(sourceOf(requestOf(instance, command, session)), wish);
    },

    provider(instance, command, providerOptions) {
      return providerOf(requestOf(instance, command, readProviderOptions(providerOptions)));
    },

    async verify(instance, command, providerOptions) {
      const request = requestOf(instance, command, readProviderOptions(providerOptions));
      const role = request.assumption?.role;
      const { calls, clients, readCallerIdentity } = await sts();
      const ask = (caller: StsCaller) => readCallerIdentity(calls, caller, request.sts, role?.arn, new Flight());
      const acting = actingCallerOf(request);
      const identity = await ask(acting);
      if (role && !isSessionOf(role, identity.arn)) {
        throw new RolecallError("ASSUME_ROLE_INVALID", `The command acts as ${identity.arn} and not as ${role.arn}.`, {
          step: "assume-role",
          roleArn: role.arn,
          hint: "Look at what answers at the STS endpoint: its sessions must not be used.",
        });
      }
      const region = await clients.for(acting, request.sts).region();
      const base = role ? await ask(baseCallerOf(request)) : identity;
      return { ...identity, region, ...(role && { roleArn: role.arn }), base };
    },

    async invalidate(instance, command, providerOptions) {
      cache.invalidate(requestOf(instance, command, readProviderOptions(providerOptions)).key);
    },

    stats: () => ({
      sessions: cache.size,
      clients: pool.size,
      hits: diagnostics.count("hit"),
      misses: diagnostics.count("miss"),
      joined: diagnostics.count("joined"),
      refreshes: diagnostics.count("refreshed"),
      refreshFailures: diagnostics.count("refresh-failed"),
      denied: diagnostics.count("denied"),
      invalidations: diagnostics.count("invalidated"),
      evictions: diagnostics.count("evicted"),
      assumeRoleInFlight: stsCalls?.limiter.inFlight ?? 0,
      assumeRoleQueued: stsCalls?.limiter.queued ?? 0,
    }),

    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    closed = true;
    cache.close();
    pool.clear();
    handlers.destroy();
  }
}

function readClientOptions(Client: unknown, options: unknown) {
  if (typeof Client !== "function" || typeof Client.prototype?.send !== "function") {
    throw invalid("Client", Client, "the class of an AWS SDK v3 client, such as EC2Client");
  }
  const given = readSettings("options", options, ["session", "clientConfig", "fresh"]);
  return {
    session: given?.session as AuthorSession | undefined,
    clientConfig: given?.clientConfig as object | undefined,
    fresh: readBoolean("options.fresh", given?.fresh) ?? false,
  };
}

function readProviderOptions(options: unknown): AuthorSession | undefined {
  return readSettings("options", options, ["session"])?.session as AuthorSession | undefined;
}

function readResolveOptions(options: unknown): SessionWish & { session: AuthorSession | undefined } {
  const given = readSettings("options", options, ["session", "signal", "forceRefresh", "minRemaining"]);
  const signal = given?.signal;
  if (isGiven(signal) && !(signal instanceof AbortSignal)) throw invalid("options.signal", signal, "an AbortSignal");
  return {
    session: given?.session as AuthorSession | undefined,
    signal: signal ?? undefined,
    forceRefresh: readBoolean("options.forceRefresh", given?.forceRefresh),
    minRemaining: readInteger("options.minRemaining", given?.minRemaining, 0, 43_200_000, "milliseconds"),
  };
}
