import { type LiveProvider, liveProvider } from "./clients/role-identity.js";
import type { Diagnostics } from "./diagnostics.js";
import { once } from "./once.js";
import { isForRole, type RequestForRole, type RoleRequest } from "./request/role-request.js";
import type { ResolverSettings } from "./resolver-options.js";
import { CredentialCache } from "./session/credential-cache.js";
import type { SessionDemand } from "./session/flight.js";
import { DEFAULT_RULES, type RefreshRules } from "./session/refresh-policy.js";
import type { SessionCredentials } from "./session/session-credentials.js";
import type { SessionSource } from "./session/session-source.js";
import { baseIdentitySource } from "./sources/base-identity-source.js";
import { BaseIdentityWatch } from "./sources/base-identity-watch.js";
import type { Machine } from "./sources/machine.js";
import type { ServerClocks } from "./sources/server-clock.js";
import { withStaticStability } from "./sources/static-stability.js";
import type { Sts } from "./sources/sts.js";
import { baseCaller, roleCaller, type StsCaller } from "./sources/sts-caller.js";
import type { SharedSessions } from "./store/shared-sessions.js";

export interface SessionsOptions {
  readonly settings: ResolverSettings;
  readonly diagnostics: Diagnostics;
  readonly machine: Machine;
  readonly serverClocks: ServerClocks;
  readonly sts: () => Promise<Sts>;
}

/** The sessions of role requests: where each of them comes from, and the cache that they are served from. */
export class Sessions {
  readonly cache: CredentialCache;
  readonly #options: SessionsOptions;
  readonly #rules: RefreshRules;
  readonly #baseIdentities: BaseIdentityWatch;
  readonly #shared: (() => Promise<SharedSessions>) | undefined;

  constructor(options: SessionsOptions) {
    const { settings, diagnostics, serverClocks } = options;
    const { runtime, store, assumeRole: times } = settings;
    const rules = { ...DEFAULT_RULES, advisoryWindow: settings.refresh.advisoryWindow };
    this.cache = new CredentialCache({ ...settings, diagnostics, refreshAhead: settings.refresh.ahead });
    this.#options = options;
    this.#rules = rules;
    this.#baseIdentities = new BaseIdentityWatch({ runtime, diagnostics });
    this.#shared =
      store &&
      once(async () => {
        const { SharedSessions } = await import("./store/shared-sessions.js");
        return new SharedSessions({ store, runtime, diagnostics, serverClocks, rules, times });
      });
  }

  /**
   * From now on, loads for these settings ask as this request does: its function may have taken the place of another one
   * of the same name, and its network that of another one.
   */
  adopt(request: RoleRequest): void {
    this.cache.adopt(this.#sourceOf(request));
    if (request.assumption && request.base.name !== undefined) this.cache.adopt(this.#baseSource(request));
  }

  /** @throws RolecallError the load's error, a remembered refusal, `ABORTED`, `TIMEOUT` or `RESOLVER_CLOSED` */
  get(request: RoleRequest, demand?: Partial<SessionDemand>): Promise<SessionCredentials> {
    return this.cache.get(this.#sourceOf(request), demand);
  }

  /** A provider for an SDK client, which asks the cache before each request. */
  provider(request: RoleRequest, minRemaining?: number): LiveProvider {
    const source = this.#sourceOf(request);
    const demand = minRemaining ? { minRemaining } : undefined;
    return liveProvider(() => this.cache.get(source, demand));
  }

  /** See {@link CredentialCache.replace}. */
  replace(request: RoleRequest, accessKeyId: string, doubtful: boolean): Promise<boolean> {
    return this.cache.replace(this.#sourceOf(request), accessKeyId, doubtful);
  }

  invalidate(request: RoleRequest): Promise<void> {
    return this.cache.invalidate(this.#sourceOf(request));
  }

  /** The acting identity as a caller of STS. Without a role that is the base identity. */
  caller(request: RoleRequest): StsCaller {
    return isForRole(request) ? roleCaller(this.cache, this.#sourceOf(request)) : this.baseCaller(request);
  }

  baseCaller(request: RoleRequest): StsCaller {
    return baseCaller(this.cache, this.#baseSource(request), !request.base.isFixed);
  }

  #sourceOf(request: RoleRequest): SessionSource {
    if (!isForRole(request)) return this.#baseSource(request);
    const source = this.#roleSource(request);
    return this.#shared ? this.#sharedSource(request, source, this.#shared) : source;
  }

  #baseSource({ base, sts }: RoleRequest): SessionSource {
    const { settings, machine, serverClocks } = this.#options;
    const { runtime } = settings;
    const source = baseIdentitySource(base, {
      runtime,
      machine,
      target: sts,
      serverClock: () => serverClocks.of(sts),
      sts: this.#options.sts,
    });
    return base.kind === "instance-profile" ? withStaticStability(source) : source;
  }

  /** The base identity assumes the role. */
  #roleSource(request: RequestForRole): SessionSource {
    const caller = this.baseCaller(request);
    return {
      key: request.key,
      roleArn: request.assumption.role.arn,
      rules: this.#rules,
      load: async (flight) => {
        this.#baseIdentities.note(request);
        const { assumer } = await this.#options.sts();
        return assumer.assume(request, caller, flight);
      },
    };
  }

  /** The store's session if it has one; else the source's, which is then shared. */
  #sharedSource(request: RequestForRole, source: SessionSource, shared: () => Promise<SharedSessions>): SessionSource {
    return {
      ...source,
      load: async (flight) => (await shared()).load(request, flight, () => source.load(flight)),
      invalidate: async (accessKeyId) => (await shared()).invalidate(request, accessKeyId),
    };
  }
}
