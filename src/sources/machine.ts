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
   * Reads the instance profile's credentials, uncached, or calls the option `instanceProfile` if it is set.
   * @param plainHttp whether a metadata service on another machine may be called over plain HTTP
   */
  identity(plainHttp: boolean, signal: AbortSignal): Promise<SourceIdentity>;
}

/** @param closed cancels a read of the region */
export function createMachine({ runtime, instanceProfile }: ResolverSettings, closed: AbortSignal): Machine {
  const metadataService = () => import("./instance-profile.js"); // loaded at first use
  return {
    region: once(async () => (await metadataService()).readInstanceRegion(runtime, closed)),
    async identity(plainHttp, signal) {
      // Even if it returns nothing, because the library never falls back to another identity.
      if (instanceProfile) return { credentials: await instanceProfile() };
      return (await metadataService()).readInstanceProfile(runtime, plainHttp, signal);
    },
  };
}
