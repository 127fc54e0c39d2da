import { once } from "../once.js";
import type { ResolverSettings } from "../resolver-options.js";
import type { SourceIdentity } from "./source-identity.js";

/** The machine that this process runs on, as the instance metadata service describes it. */
export interface Machine {
  /**
   * The region that the machine is in. Read once.
   * @throws RolecallError `IMDS_UNREACHABLE`
   */
  region(): Promise<string>;
  /**
   * The instance profile's credentials, without a cache, or those of the option `instanceProfile`.
   * @param plainHttp whether another machine's metadata service may be asked over plain http
   */
  identity(plainHttp: boolean, signal: AbortSignal): Promise<SourceIdentity>;
}

/** @param closed ends a read of the region */
export function createMachine({ runtime, instanceProfile }: ResolverSettings, closed: AbortSignal): Machine {
  const metadataService = () => import("./instance-profile.js"); // loaded at first use
  return {
    region: once(async () => (await metadataService()).readInstanceRegion(runtime, closed)),
    async identity(plainHttp, signal) {
      // Even if it returns nothing: no other identity takes its place.
      if (instanceProfile) return { credentials: await instanceProfile() };
      return (await metadataService()).readInstanceProfile(runtime, plainHttp, signal);
    },
  };
}
