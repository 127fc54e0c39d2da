import { once } from "../once.js";
import type { ResolverSettings } from "../resolver-options.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";

/** The machine that this process runs on, as the instance metadata service describes it. Loaded at first use. */
export class Machine {
  readonly #settings: Pick<ResolverSettings, "runtime" | "instanceProfile">;
  readonly #closed: AbortSignal;
  /**
   * The region that the machine stands in. Asked once.
   * @throws RolecallError `IMDS_UNREACHABLE`
   */
  readonly region = once(async () => {
    const { readInstanceRegion } = await import("./instance-profile.js");
    return readInstanceRegion(this.#settings.runtime, this.#closed);
  });

  constructor(settings: Pick<ResolverSettings, "runtime" | "instanceProfile">, closed: AbortSignal) {
    this.#settings = settings;
    this.#closed = closed;
  }

  /**
   * The instance profile's credentials, without a cache; those of the option `instanceProfile` where it is set.
   * @param plainHttp whether another machine's metadata service may be asked over plain http
   */
  async identity(plainHttp: boolean, signal: AbortSignal): Promise<AwsCredentialIdentity> {
    const { instanceProfile, runtime } = this.#settings;
    if (instanceProfile) return instanceProfile(); // also if it gives nothing: no other identity takes its place
    const { readInstanceProfile } = await import("./instance-profile.js");
    return readInstanceProfile(runtime, plainHttp, signal);
  }
}
