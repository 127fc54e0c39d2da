import { type LiveProvider, liveProvider } from "../clients/role-identity.js";
import type { CredentialCache } from "../session/credential-cache.js";
import type { SessionDemand } from "../session/flight.js";
import type { SessionSource } from "../session/session-source.js";

/** One identity that calls STS, whose keys come from the cache. */
export interface StsCaller {
  /** Tells callers apart: a hash. */
  readonly key: string;
  readonly credentials: LiveProvider;
  /** Gets other keys than the ones that STS refused, if it can. @returns whether the call may be repeated */
  renew(accessKeyId: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** Reads the keys again if that was not done for a while. @returns whether there are others now */
  hasChanged(accessKeyId: string | undefined, signal: AbortSignal): Promise<boolean>;
}

/** Milliseconds within which a denied role does not make the base identity be read again. */
const READ_RECENTLY = 60_000;

/** The base identity. Its refused keys stay until there are others: other calls, or other regions, may accept them. */
export class BaseCaller implements StsCaller {
  readonly #cache: CredentialCache;
  readonly #source: SessionSource;
  readonly #canBeReadAgain: boolean;

  constructor(cache: CredentialCache, source: SessionSource, canBeReadAgain: boolean) {
    this.#cache = cache;
    this.#source = source;
    this.#canBeReadAgain = canBeReadAgain;
  }

  get key(): string {
    return this.#source.key;
  }

  get credentials(): LiveProvider {
    return liveProvider(() => this.#cache.get(this.#source));
  }

  async renew(refused: string | undefined, signal: AbortSignal): Promise<boolean> {
    if (!this.#canBeReadAgain) return false;
    const isHeld = refused !== undefined && (await this.#accessKeyId({ signal })) === refused;
    if (isHeld) await this.#accessKeyId({ signal, forceRefresh: true });
    return true;
  }

  async hasChanged(refused: string | undefined, signal: AbortSignal): Promise<boolean> {
    if (!this.#canBeReadAgain || refused === undefined) return false;
    let accessKeyId = await this.#accessKeyId({ signal });
    const mayRead = accessKeyId === refused && this.#cache.isOlderThan(this.key, READ_RECENTLY);
    if (mayRead) accessKeyId = await this.#accessKeyId({ signal, forceRefresh: true });
    return accessKeyId !== undefined && accessKeyId !== refused;
  }

  async #accessKeyId(demand: Partial<SessionDemand>): Promise<string | undefined> {
    return (await this.#cache.get(this.#source, demand).catch(() => undefined))?.accessKeyId;
  }
}

/** The session of a role, as the caller of `sts:GetCallerIdentity`. */
export class RoleCaller implements StsCaller {
  readonly #cache: CredentialCache;
  readonly #source: SessionSource;

  constructor(cache: CredentialCache, source: SessionSource) {
    this.#cache = cache;
    this.#source = source;
  }

  get key(): string {
    return this.#source.key;
  }

  get credentials(): LiveProvider {
    return liveProvider(() => this.#cache.get(this.#source));
  }

  async renew(refused: string | undefined): Promise<boolean> {
    return refused !== undefined && this.#cache.replace(this.#source, refused, false);
  }

  async hasChanged(): Promise<boolean> {
    return false;
  }
}
