import { type LiveProvider, liveProvider } from "./clients/role-identity.js";
import type { Diagnostics } from "./diagnostics.js";
import type { Link, RoleLink, SourceLink } from "./request/chain.js";
import type { ResolverSettings } from "./resolver-options.js";
import { CredentialCache } from "./session/credential-cache.js";
import type { Flight, SessionDemand } from "./session/flight.js";
import { type RefreshRules, ROLE_RULES } from "./session/refresh-policy.js";
import type { SessionCredentials } from "./session/session-credentials.js";
import type { Load, SessionLoader } from "./session/session-loader.js";
import { baseIdentitySource, refreshRulesOf } from "./sources/base-identity-source.js";
import { BaseIdentityWatch } from "./sources/base-identity-watch.js";
import type { Machine } from "./sources/machine.js";
import type { ServerClocks } from "./sources/server-clock.js";
import { withStaticStability } from "./sources/static-stability.js";
import type { Sts } from "./sources/sts.js";
import { createStsCaller, type StsCaller } from "./sources/sts-caller.js";
import { SharedSessions } from "./store/shared-sessions.js";

export interface SessionsOptions {
  readonly settings: ResolverSettings;
  readonly diagnostics: Diagnostics;
  readonly machine: Machine;
  readonly serverClocks: ServerClocks;
  readonly sts: () => Promise<Sts>;
}

/** The sessions of all links: where they come from, and the cache that serves them. */
export class Sessions implements SessionLoader {
  readonly cache: CredentialCache;
  readonly #options: SessionsOptions;
  readonly #roleRules: RefreshRules;
  readonly #baseIdentities: BaseIdentityWatch;
  readonly #shared: SharedSessions | undefined;

  constructor(options: SessionsOptions) {
    const { settings, diagnostics, serverClocks } = options;
    const { runtime, store, assumeRole: times } = settings;
    const rules = { ...ROLE_RULES, advisoryWindow: settings.refresh.advisoryWindow };
    this.cache = new CredentialCache({ ...settings, diagnostics, loader: this, refreshAhead: settings.refresh.ahead });
    this.#options = options;
    this.#roleRules = rules;
    this.#baseIdentities = new BaseIdentityWatch({ runtime, diagnostics });
    this.#shared = store && new SharedSessions({ store, runtime, diagnostics, serverClocks, rules, times });
  }

  /**
   * Loads the sessions of this chain with this request's settings from now on. It may have the same key as an earlier
   * request, but another credential function of the same name or another network.
   */
  adopt(chain: Link): void {
    for (let link: Link | undefined = chain; link; link = link.parent) this.cache.adopt(link);
  }

  /** @throws RolecallError the load's error, a remembered denial, `ABORTED`, `TIMEOUT` or `RESOLVER_CLOSED` */
  get(link: Link, demand?: Partial<SessionDemand>): Promise<SessionCredentials> {
    return this.cache.get(link, demand);
  }

  /** Returns a provider for an SDK client. The client calls it before each request. */
  provider(link: Link, minRemaining?: number): LiveProvider {
    const demand = minRemaining ? { minRemaining } : undefined;
    return liveProvider(() => this.cache.get(link, demand));
  }

  /** See {@link CredentialCache.replace}. */
  replace(link: Link, accessKeyId: string, doubtful: boolean): Promise<boolean> {
    return this.cache.replace(link, accessKeyId, doubtful);
  }

  /** Drops the link's session, and the remembered denials of its parents. */
  invalidate(link: Link): Promise<void> {
    for (let { parent } = link; parent; parent = parent.parent) this.cache.forgetRefusal(parent.key);
    return this.cache.invalidate(link);
  }

  /** Returns the link's identity as a caller of STS. */
  caller(link: Link): StsCaller {
    return createStsCaller(this.cache, link);
  }

  // --- the loader of the cache ---

  rules({ parent, base }: Link): RefreshRules {
    return parent ? this.#roleRules : refreshRulesOf(base);
  }

  async load(link: Link, flight: Flight): Promise<Load> {
    return link.parent ? this.#loadRole(link, flight) : this.#loadBaseIdentity(link, flight);
  }

  async deleteShared(link: Link, accessKeyId: string | undefined): Promise<void> {
    if (link.parent) await this.#shared?.invalidate(link, accessKeyId);
  }

  #loadBaseIdentity(link: SourceLink, flight: Flight): Promise<Load> {
    const { settings, machine, serverClocks, sts } = this.#options;
    const { runtime } = settings;
    const load = baseIdentitySource(link, { runtime, machine, serverClock: () => serverClocks.of(link.sts), sts });
    return link.base.kind === "instance-profile" ? withStaticStability(load, flight) : load(flight);
  }

  /** Returns the session from the store. If there is none, assumes the role and shares the session. */
  async #loadRole(link: RoleLink, flight: Flight): Promise<Load> {
    const assume = () => this.#assume(link, flight);
    return this.#shared ? this.#shared.load(link, flight, assume) : assume();
  }

  async #assume(link: RoleLink, flight: Flight): Promise<Load> {
    this.#baseIdentities.note(link);
    const { assumer } = await this.#options.sts();
    return assumer.assume(link, this.caller(link.parent), flight);
  }
}
