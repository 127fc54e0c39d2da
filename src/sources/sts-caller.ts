import { type LiveProvider, liveProvider } from "../clients/role-identity.js";
import type { RolecallErrorStep } from "../errors.js";
import type { CredentialCache } from "../session/credential-cache.js";
import type { SessionSource } from "../session/session-source.js";

/** One identity of a chain that calls STS, whose keys come from the cache. */
export interface StsCaller {
  /** Tells callers apart: a hash. */
  readonly key: string;
  readonly step: RolecallErrorStep;
  /** `undefined` for the base identity. */
  readonly roleArn: string | undefined;
  readonly credentials: LiveProvider;
  /**
   * Gets other keys than the ones that STS refused, if it can. See {@link CredentialCache.replace}.
   * @returns whether the call may be repeated
   */
  replace(refused: string | undefined, doubtful: boolean): Promise<boolean>;
}

export function createStsCaller(cache: CredentialCache, source: SessionSource): StsCaller {
  const { key, step, roleArn } = source;
  return {
    key,
    step,
    roleArn,
    credentials: liveProvider(() => cache.get(source)),
    async replace(refused, doubtful) {
      if (refused === undefined) return !doubtful; // a mock, which does not sign
      // A role may do what it may do, in every session. A base identity may have become a different role.
      if (doubtful && source.parentKey !== undefined) return false;
      return cache.replace(source, refused, doubtful).catch(() => false);
    },
  };
}
