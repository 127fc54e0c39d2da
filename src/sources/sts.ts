import type { StsTarget } from "../request/chain.js";
import type { WebIdentity } from "../request/web-identity.js";
import type { Flight } from "../session/flight.js";
import type { IssuedSession } from "../session/session-loader.js";
import { RoleAssumer, type RoleAssumerOptions } from "./assume-role.js";
import { assumeRoleWithWebIdentity, type WebIdentityOptions } from "./assume-role-with-web-identity.js";
import { type CallerIdentity, readCallerIdentity } from "./caller-identity.js";
import type { StsCaller } from "./sts-caller.js";
import { type StsCallSettings, StsCalls } from "./sts-calls.js";
import { StsClients, type StsClientsOptions } from "./sts-clients.js";

export interface StsOptions extends StsClientsOptions, Omit<RoleAssumerOptions, "calls"> {
  readonly assumeRole: StsCallSettings;
}

/** Everything that calls STS. It is loaded as one unit, when the first uncached session is requested. */
export class Sts {
  readonly calls: StsCalls;
  readonly assumer: RoleAssumer;
  readonly #clients: StsClients;
  readonly #webIdentity: WebIdentityOptions;

  constructor(options: StsOptions) {
    this.#clients = new StsClients(options);
    this.calls = new StsCalls({ runtime: options.runtime, settings: options.assumeRole, clients: this.#clients });
    this.assumer = new RoleAssumer({ ...options, calls: this.calls });
    this.#webIdentity = { ...options, calls: this.calls };
  }

  /** See {@link assumeRoleWithWebIdentity}. */
  assumeWithWebIdentity(
    webIdentity: WebIdentity,
    key: string,
    target: StsTarget,
    flight: Flight,
  ): Promise<IssuedSession> {
    return assumeRoleWithWebIdentity(webIdentity, key, target, flight, this.#webIdentity);
  }

  /** Calls GetCallerIdentity. @param roleArn the expected role, for errors */
  identify(caller: StsCaller, target: StsTarget, roleArn: string | undefined, flight: Flight): Promise<CallerIdentity> {
    return readCallerIdentity(this.calls, caller, target, roleArn, flight);
  }

  /** The region of the endpoint that a caller calls. */
  region(caller: StsCaller, target: StsTarget): Promise<string> {
    return this.#clients.for(caller, target).region();
  }
}
