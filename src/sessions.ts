import { type LiveProvider, liveProvider } from "./clients/role-identity.js";
import type { Diagnostics } from "./diagnostics.js";
import type { Link, RoleLink } from "./request/chain.js";
import type { ResolverSettings } from "./resolver-options.js";
import { CredentialCache } from "./session/credential-cache.js";
import type { Flight, SessionDemand } from "./session/flight.js";
import { type RefreshRules, ROLE_RULES } from "./session/refresh-policy.js";
import type { SessionCredentials } from "./session/session-credentials.js";
import type { Load, SessionSource } from "./session/session-source.js";
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
export class Sessions {
  readonly cache: CredentialCache;
  readonly #options: SessionsOptions;
  readonly #roleRules: RefreshRules;
  readonly #baseIdentities: BaseIdentityWatch;
  readonly #shared: SharedSessions | undefined;

  constructor(options: SessionsOptions) {
    const { settings, diagnostics, serverClocks } = options;
    const { runtime, store, assumeRole: times } = settings;
    const rules = { ...ROLE_RULES, advisoryWindow: settings.refresh.advisoryWindow };
    this.cache = new CredentialCache({ ...settings, diagnostics, refreshAhead: settings.refresh.ahead });
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
    for (let link: Link | undefined = chain; link; link = link.parent) this.cache.adopt(this.#sourceOf(link));
  }

  /** @throws RolecallError the load's error, a remembered denial, `ABORTED`, `TIMEOUT` or `RESOLVER_CLOSED` */
  get(link: Link, demand?: Partial<SessionDemand>): Promise<SessionCredentials> {
    return this.cache.get(this.#sourceOf(link), demand);
  }

  /** Returns a provider for an SDK client. The client calls it before each request. */
  provider(link: Link, minRemaining?: number): LiveProvider {
    const source = this.#sourceOf(link);
    const demand = minRemaining ? { minRemaining } : undefined;
    return liveProvider(() => this.cache.get(source, demand));
  }

  /** See {@link CredentialCache.replace}. */
  replace(link: Link, accessKeyId: string, doubtful: boolean): Promise<boolean> {
    return this.cache.replace(this.#sourceOf(link), accessKeyId, doubtful);
  }

  /** Drops the link's session, and the remembered denials of its parents. */
  invalidate(link: Link): Promise<void> {
    for (let { parent } = link; parent; parent = parent.parent) this.cache.forgetRefusal(parent.key);
    return this.cache.invalidate(this.#sourceOf(link));
  }

  /** Returns the link's identity as a caller of STS. */
  caller(link: Link): StsCaller {
    const asksSts = link.assumption !== undefined || link.base.kind === "web-identity";
    return createStsCaller(this.cache, this.#sourceOf(link), asksSts);
  }

  #sourceOf(link: Link): SessionSource {
    return new LinkSource(link, this.#loader);
  }

  readonly #loader: LinkLoader = {
    rules: ({ parent, base }) => (parent ? this.#roleRules : refreshRulesOf(base)),
    load: async (link, flight) => {
      if (link.parent) return this.#loadRole(link, flight);
      const { settings, machine, serverClocks, sts } = this.#options;
      const { runtime } = settings;
      const load = baseIdentitySource(link, { runtime, machine, serverClock: () => serverClocks.of(link.sts), sts });
      return link.base.kind === "instance-profile" ? withStaticStability(load, flight) : load(flight);
    },
    invalidate: async (link, accessKeyId) => {
      if (link.parent) await this.#shared?.invalidate(link, accessKeyId);
    },
  };

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

interface LinkLoader {
  rules(link: Link): RefreshRules;
  load(link: Link, flight: Flight): Promise<Load>;
  invalidate(link: Link, accessKeyId: string | undefined): Promise<void>;
}

/** Where the sessions of one link come from. A class, because each command creates one. */
class LinkSource implements SessionSource {
  readonly #link: Link;
  readonly #loader: LinkLoader;

  constructor(link: Link, loader: LinkLoader) {
    this.#link = link;
    this.#loader = loader;
  }

  get key(): string {
    return this.#link.key;
  }

  get parentKey(): string | undefined {
    return this.#link.parent?.key;
  }

  get step(): Link["step"] {
    return this.#link.step;
  }

  get roleArn(): string | undefined {
    return this.#link.assumption?.role.arn;
  }

  get rules(): RefreshRules {
    return this.#loader.rules(this.#link);
  }

  load(flight: Flight): Promise<Load> {
    return this.#loader.load(this.#link, flight);
  }

  invalidate(accessKeyId: string | undefined): Promise<void> {
    return this.#loader.invalidate(this.#link, accessKeyId);
  }
}
