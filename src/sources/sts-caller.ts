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
  renew(refused: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** Reads the keys again if that was not done for a while. @returns whether there are others now */
  hasChanged(refused: string | undefined, signal: AbortSignal): Promise<boolean>;
}

/** Milliseconds within which a denied role does not make the base identity be read again. */
const READ_RECENTLY = 60_000;

/** The base identity. Its refused keys stay until there are others: other calls, or other regions, may accept them. */
export function baseCaller(cache: CredentialCache, source: SessionSource, canBeReadAgain: boolean): StsCaller {
  const readAccessKeyId = async (demand: Partial<SessionDemand>) =>
    (await cache.get(source, demand).catch(() => undefined))?.accessKeyId;
  return {
    key: source.key,
    credentials: liveProvider(() => cache.get(source)),
    async renew(refused, signal) {
      if (!canBeReadAgain) return false;
      const isHeld = refused !== undefined && (await readAccessKeyId({ signal })) === refused;
      if (isHeld) await readAccessKeyId({ signal, forceRefresh: true });
      return true;
    },
    async hasChanged(refused, signal) {
      if (!canBeReadAgain || refused === undefined) return false;
      let accessKeyId = await readAccessKeyId({ signal });
      const mayRead = accessKeyId === refused && cache.isOlderThan(source.key, READ_RECENTLY);
      if (mayRead) accessKeyId = await readAccessKeyId({ signal, forceRefresh: true });
      return accessKeyId !== undefined && accessKeyId !== refused;
    },
  };
}

/** The session of a role, as the caller of `sts:GetCallerIdentity`. */
export function roleCaller(cache: CredentialCache, source: SessionSource): StsCaller {
  return {
    key: source.key,
    credentials: liveProvider(() => cache.get(source)),
    renew: async (refused) => refused !== undefined && cache.replace(source, refused, false),
    hasChanged: async () => false,
  };
}
