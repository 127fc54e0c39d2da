import { LRUCache } from "lru-cache";
import { onAbort } from "./abort.js";
import {
  assertReachable,
  readClientOptions,
  readProviderOptions,
  readResolveOptions,
  readSessionOptions,
} from "./call-options.js";
import { type ClientPlan, ClientPool, liveProvider } from "./clients/client-pool.js";
import { ownHandler, SharedHandlers } from "./clients/shared-handlers.js";
import { Diagnostics } from "./diagnostics.js";
import { errorOfCaller, isRolecallError, RolecallError } from "./errors.js";
import { once } from "./once.js";
import type { AuthorSession } from "./request/author-session.js";
import type { BaseIdentity } from "./request/base-identity.js";
import type { CommandOverrides } from "./request/command-overrides.js";
import { type IntegrationInstance, readInstance } from "./request/integration-instance.js";
import { KnownRequests } from "./request/known-requests.js";
import { assertInPartition } from "./request/regions.js";
import { isSessionOf } from "./request/role-arn.js";
import { isForRole, type RequestForRole, type RoleRequest, serviceRegion } from "./request/role-request.js";
import { conflict } from "./request/validation.js";
import { type CredentialResolverOptions, type ResolverSettings, readResolverOptions } from "./resolver-options.js";
import type { CredentialResolver } from "./resolver-types.js";
import { CredentialCache, closedError } from "./session/credential-cache.js";
import { DEFAULT_RULES, type RefreshRules } from "./session/refresh-policy.js";
import { Flight, type LoadedSession, type SessionSource, type SessionWish } from "./session/session-source.js";
import { baseIdentitySource } from "./sources/base-identity-source.js";
import { BaseIdentityWatch } from "./sources/base-identity-watch.js";
import { ServerClocks } from "./sources/server-clock.js";
import type { StsCalls } from "./sources/sts-calls.js";
import type { StsCaller } from "./sources/sts-clients.js";

/** Milliseconds within which a denied role does not make the base identity be read again. */
const BASE_READ_RECENTLY = 60_000;
const MAX_NAMED_BASES = 1000;

/**
 * A resolver of its own: for other limits, or for a mocked STS in tests.
 * @throws RolecallError `INVALID_REQUEST` naming the option that is wrong
 */
export function createCredentialResolver(options?: CredentialResolverOptions): CredentialResolver {
  const settings = readResolverOptions(options);
  const { runtime } = settings;
  const diagnostics = new Diagnostics();
  const serverClocks = new ServerClocks();
  const handlers = new SharedHandlers(runtime.env);
  const pool = new ClientPool(settings.maxClients, handlers);
  const requests = new KnownRequests(settings.maxSessions);
  /** As named last: clients outlive the function that they were made with. */
  const namedBases = new LRUCache<string, BaseIdentity>({ max: MAX_NAMED_BASES });
  const cache = new CredentialCache({ ...settings, diagnostics });
  let stsCalls: StsCalls | undefined;
  const closing = new AbortController();
  const goesItsOwnWay = ownWayToSts(settings);

  const instanceProfileModule = () => import("./sources/instance-profile.js");
  const instanceRegion = once(async () => (await instanceProfileModule()).readInstanceRegion(runtime, closing.signal));
  const readInstanceProfile = async (plainHttp: boolean, signal: AbortSignal) => {
    const { instanceProfile } = settings;
    if (instanceProfile) return instanceProfile(); // also if it gives nothing: no other identity takes its place
    return (await instanceProfileModule()).readInstanceProfile(runtime, plainHttp, signal);
  };

  /** STS with all that it needs, loaded by the first session that no cache holds. */
  const sts = once(async () => {
    const { RoleAssumer, StsCalls, StsClients, readCallerIdentity } = await import("./sources/sts.js");
    await turnOfEventLoop(); // what has arrived meanwhile is answered first
    const clients = new StsClients({ ...settings, handlers, instanceRegion });
    const calls = new StsCalls({ runtime, settings: settings.assumeRole, clients });
    stsCalls = calls;
    return {
      calls,
      clients,
      assumer: new RoleAssumer({ runtime, diagnostics, calls, serverClocks }),
      readCallerIdentity,
    };
  });

  function requestOf(
    instance: IntegrationInstance,
    command: CommandOverrides | null | undefined,
    session: AuthorSession | null | undefined,
  ): RoleRequest {
    if (closing.signal.aborted) throw closedError();
    try {
      const request = requests.get(instance, command, session, runtime.env);
      if (store) assertShareable(request);
      if (request.base.kind === "named-provider") namedBases.set(request.base.key, request.base);
      if (goesItsOwnWay && request.network) throw goesItsOwnWay();
      return request;
    } catch (error) {
      publishRefusal(error, instance);
      throw error;
    }
  }

  function publishRefusal(error: unknown, instance: IntegrationInstance): void {
    if (!isRolecallError(error) || error.code !== "ROLE_NOT_ALLOWED") return;
    const setBy = error.field?.split(".", 1)[0] as "command" | "instance" | undefined;
    const { integration } = readInstance(instance);
    diagnostics.publish("role-not-allowed", { roleArn: error.roleArn, setBy, integration });
  }

  function baseSourceOf({ base, sts: target }: RoleRequest): SessionSource {
    const read = async (signal: AbortSignal) => {
      const provider = (namedBases.get(base.key) ?? base).provider();
      return provider ? provider() : readInstanceProfile(base.plainHttp, signal);
    };
    return baseIdentitySource(base, { runtime, serverClock: () => serverClocks.of(target), read });
  }

  const rules = { ...DEFAULT_RULES, advisoryWindow: settings.advisoryWindow };
  const baseIdentities = new BaseIdentityWatch({ runtime, diagnostics });
  const assume = async (request: RequestForRole, flight: Flight) => {
    baseIdentities.note(request);
    if (!stsCalls) await readAhead(request);
    return (await sts()).assumer.assume(request, baseCallerOf(request), flight);
  };

  /** While STS loads, the metadata service answers. Not where STS may be a mock: then nothing is to be asked of it. */
  async function readAhead(request: RequestForRole): Promise<void> {
    const { stsClient, instanceProfile } = settings;
    if (stsClient || instanceProfile || request.base.kind !== "instance-profile") return;
    const { isStsLoaded, isTestRun } = await instanceProfileModule();
    if (isStsLoaded() || isTestRun()) return;
    cache.get(baseSourceOf(request)).catch(() => {}); // STS's call hears of it
    await turnOfEventLoop(); // loading keeps the process busy: the question has to be on its way
  }

  const { store } = settings;
  const shared =
    store &&
    once(async () => {
      const { SharedSessions } = await import("./store/shared-sessions.js");
      return new SharedSessions({ store, runtime, diagnostics, serverClocks, rules, times: settings.assumeRole });
    });
  const roleSessions: RoleSessions = shared
    ? {
        rules,
        load: async (request, flight) => (await shared()).load(request, flight, () => assume(request, flight)),
        forget: async (request, accessKeyId) => (await shared()).forget(request, accessKeyId),
      }
    : { rules, load: assume };

  function sourceOf(request: RoleRequest): SessionSource {
    return isForRole(request) ? new RoleSource(request, roleSessions) : baseSourceOf(request);
  }

  function planOf(request: RoleRequest, minRemaining: number | undefined): ClientPlan {
    return {
      key: request.key,
      region: serviceRegion(request),
      instanceRegion: async () => {
        const region = await instanceRegion();
        assertInPartition({ field: "the machine's region", region }, request.assumption?.role);
        return region;
      },
      credentials: providerOf(request, minRemaining),
      reject: (accessKeyId, doubtful) => cache.replace(sourceOf(request), accessKeyId, doubtful),
      network: request.network,
      integration: request.integration,
    };
  }

  function providerOf(request: RoleRequest, minRemaining?: number) {
    const source = sourceOf(request);
    const wish = minRemaining ? { minRemaining } : undefined;
    return liveProvider(() => cache.get(source, wish));
  }

  function baseCallerOf(request: RoleRequest): StsCaller {
    const source = baseSourceOf(request);
    const { key: baseKey } = request.base;
    const canBeReadAgain = request.base.kind !== "static";
    const keyNow = async (wish: Partial<SessionWish>) =>
      (await cache.get(source, wish).catch(() => undefined))?.accessKeyId;
    return {
      key: baseKey,
      credentials: liveProvider(() => cache.get(source)),
      /** The refused keys stay until there are others: other calls, or other regions, may take them. */
      async reject(refused, signal) {
        if (!canBeReadAgain) return false;
        const isHeld = refused !== undefined && (await keyNow({ signal })) === refused;
        if (isHeld) await keyNow({ signal, forceRefresh: true });
        return true;
      },
      async hasChanged(refused, signal) {
        if (!canBeReadAgain || refused === undefined) return false;
        let key = await keyNow({ signal });
        const mayRead = key === refused && cache.isOlderThan(baseKey, BASE_READ_RECENTLY);
        if (mayRead) key = await keyNow({ signal, forceRefresh: true });
        return key !== undefined && key !== refused;
      },
    };
  }

  /** The acting identity as a caller of STS. Without a role that is the base identity. */
  function actingCallerOf(request: RoleRequest): StsCaller {
    if (!request.assumption) return baseCallerOf(request);
    return {
      key: request.key,
      credentials: providerOf(request),
      reject: async (accessKeyId) => accessKeyId !== undefined && cache.replace(sourceOf(request), accessKeyId, false),
      hasChanged: async () => false,
    };
  }

  return {
    getClientForCommand(Client, instance, command, clientOptions) {
      const { session, ...wish } = readClientOptions(Client, clientOptions);
      const request = requestOf(instance, command, session);
      assertReachable(wish.minRemaining, request);
      return pool.get(Client, request, wish, () => planOf(request, wish.minRemaining)) as InstanceType<typeof Client>;
    },

    async resolve(instance, command, resolveOptions) {
      const { session, ...wish } = readResolveOptions(resolveOptions);
      const request = requestOf(instance, command, session);
      assertReachable(wish.minRemaining, request);
      return await cache.get(sourceOf(request), wish); // awaited, so that an error's stack leads to the caller
    },

    provider(instance, command, providerOptions) {
      const { session, minRemaining } = readProviderOptions(providerOptions);
      const request = requestOf(instance, command, session);
      assertReachable(minRemaining, request);
      return providerOf(request, minRemaining);
    },

    async verify(instance, command, sessionOptions) {
      const request = requestOf(instance, command, readSessionOptions(sessionOptions));
      const role = request.assumption?.role;
      // Who presses a "Test" button has changed something since the refusal that is remembered.
      if (role) await cache.get(sourceOf(request), { despiteRefusal: true });
      const { calls, clients, readCallerIdentity } = await sts();
      const ask = async (caller: StsCaller) => {
        if (closing.signal.aborted) throw closedError();
        const flight = new Flight().raise();
        const stop = onAbort(closing.signal, () => flight.abort(closing.signal.reason));
        try {
          return await readCallerIdentity(calls, caller, request.sts, role?.arn, flight);
        } catch (error) {
          throw errorOfCaller(error);
        } finally {
          stop();
        }
      };
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

    async invalidate(instance, command, sessionOptions) {
      await cache.drop(sourceOf(requestOf(instance, command, readSessionOptions(sessionOptions))));
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
      notAllowed: diagnostics.count("role-not-allowed"),
      invalidations: diagnostics.count("invalidated"),
      evictions: diagnostics.count("evicted"),
      storeErrors: diagnostics.count("store-error"),
      assumeRoleInFlight: stsCalls?.limiter.inFlight ?? 0,
      assumeRoleQueued: stsCalls?.limiter.queued ?? 0,
    }),

    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    closing.abort(closedError());
    cache.close();
    pool.clear();
    handlers.destroy();
  }
}

/** Node's own, as long as this module is loaded before a test's fake timers take its place. */
const { setImmediate } = globalThis;

/** Lets the sockets have their say. Two turns, since the first may begin behind their place in the loop. */
async function turnOfEventLoop(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What the sources of all roles share. */
interface RoleSessions {
  readonly rules: RefreshRules;
  load(request: RequestForRole, flight: Flight): Promise<LoadedSession | undefined>;
  forget?(request: RequestForRole, accessKeyId: string | undefined): Promise<void>;
}

/** A class, since each session keeps its source: a literal with a closure in it would take twice the memory. */
class RoleSource implements SessionSource {
  readonly #request: RequestForRole;
  readonly #sessions: RoleSessions;

  constructor(request: RequestForRole, sessions: RoleSessions) {
    this.#request = request;
    this.#sessions = sessions;
  }

  get key(): string {
    return this.#request.key;
  }

  get roleArn(): string {
    return this.#request.assumption.role.arn;
  }

  get rules(): RefreshRules {
    return this.#sessions.rules;
  }

  load(flight: Flight): Promise<LoadedSession | undefined> {
    return this.#sessions.load(this.#request, flight);
  }

  async forget(accessKeyId: string | undefined): Promise<void> {
    await this.#sessions.forget?.(this.#request, accessKeyId);
  }
}

/** The error if STS would be asked past an instance's network. A function is told of the network. */
function ownWayToSts({ stsClient, requestHandler }: ResolverSettings): (() => RolecallError) | undefined {
  if (typeof stsClient === "function") return undefined;
  const wayOut = "Give stsClient as a function: its context holds a handler with these settings.";
  if (stsClient) return () => ownHandler("the resolver's stsClient", wayOut);
  return requestHandler && (() => ownHandler("the resolver's option requestHandler"));
}

/** A function says nothing of whose credentials it gives, and a session must be neither lost nor mixed with another's. */
function assertShareable({ base, assumption }: RoleRequest): void {
  if (!assumption || base.kind !== "provider") return;
  throw conflict(
    "instance.credentialsName",
    "is missing, and the resolver has a store",
    "Sessions of a base identity that is given as a function are shared under its name: set it.",
    assumption.role.arn,
  );
}
