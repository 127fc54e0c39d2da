import { type LiveProvider, liveProvider } from "../clients/role-identity.js";
import type { RolecallErrorStep } from "../errors.js";
import type { Link } from "../request/chain.js";
import type { CredentialCache } from "../session/credential-cache.js";
import type { Flight } from "../session/flight.js";

/** An identity in a chain that calls STS. Its keys come from the cache. */
export interface StsCaller {
  /** Identifies the caller. A hash. */
  readonly key: string;
  readonly step: RolecallErrorStep;
  /** `undefined` for the base identity. */
  readonly roleArn: string | undefined;
  readonly credentials: LiveProvider;
  /**
   * Loads the caller's session if that requires a call to STS. Wait for it before you queue a call. Otherwise, calls
   * that need this session could occupy all slots, and the call that loads the session would wait for a slot.
   * @throws RolecallError the load's error
   */
  ready(flight: Flight): Promise<unknown>;
  /**
   * Tries to replace the keys that STS rejected. See {@link CredentialCache.replace}.
   * @param doubtful whether the rejected keys may still be valid
   * @returns whether to repeat the call
   * @throws RolecallError why the replacement failed, unless `doubtful`
   */
  replace(refused: string | undefined, doubtful: boolean): Promise<boolean>;
}

export function createStsCaller(cache: CredentialCache, link: Link): StsCaller {
  const { key, step, roleArn } = link;
  return {
    key,
    step,
    roleArn,
    credentials: liveProvider(() => cache.get(link)),
    async ready(flight) {
      if (!link.assumption && link.base.kind !== "web-identity") return;
      const { signal, despiteRefusal } = flight;
      try {
        await cache.get(link, { signal, despiteRefusal, waitingLoad: flight });
      } catch (error) {
        flight.lacksParent = true;
        throw error;
      }
    },
    async replace(refused, doubtful) {
      if (refused === undefined) return !doubtful; // a mock, which does not sign
      return cache.replace(link, refused, doubtful).catch((error) => {
        if (doubtful) return false; // STS's own error explains more
        throw error;
      });
    },
  };
}
