import { type LiveProvider, liveProvider } from "../clients/role-identity.js";
import type { RolecallErrorStep } from "../errors.js";
import type { Link } from "../request/chain.js";
import type { CredentialCache } from "../session/credential-cache.js";
import type { Flight } from "../session/flight.js";

/** One identity of a chain that calls STS, whose keys come from the cache. */
export interface StsCaller {
  /** Tells callers apart: a hash. */
  readonly key: string;
  readonly step: RolecallErrorStep;
  /** `undefined` for the base identity. */
  readonly roleArn: string | undefined;
  readonly credentials: LiveProvider;
  /**
   * Loads the caller's session if that takes a call to STS. Wait for it before a call takes its place in the queue:
   * otherwise the calls for sessions that all need this one would keep the places that its own call waits for.
   * @throws RolecallError the load's error
   */
  ready(flight: Flight): Promise<unknown>;
  /**
   * Gets other keys than the ones that STS refused, if it can. See {@link CredentialCache.replace}.
   * @returns whether the call may be repeated
   * @throws RolecallError why there are no other keys, if the refused ones cannot work
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
        if (doubtful) return false; // the refusal tells more
        throw error;
      });
    },
  };
}
