import { boundedCache } from "../bounded-cache.js";
import type { Diagnostics } from "../diagnostics.js";
import type { RoleLink } from "../request/chain.js";
import type { Runtime } from "../runtime.js";

/** This many unnamed base identities for one role, within {@link WITHIN} milliseconds, are reported. */
const MANY = 10;
const WITHIN = 60_000;
const MAX_ROLES = 1000;

const HINT =
  "Keep one function in instance.credentials for all requests, or give it a name in instance.credentialsName: each new function, and each new key pair, counts as a new identity with separate sessions.";

interface Watched {
  readonly since: number;
  readonly keys: Set<string>;
  reported: boolean;
}

/** Reports, once for each role, that its sessions are requested through many base identities, such as one made per request. */
export class BaseIdentityWatch {
  readonly #runtime: Runtime;
  readonly #diagnostics: Diagnostics;
  readonly #roles = boundedCache<Watched>(MAX_ROLES);

  constructor({ runtime, diagnostics }: { runtime: Runtime; diagnostics: Diagnostics }) {
    this.#runtime = runtime;
    this.#diagnostics = diagnostics;
  }

  /** Call it before assuming a role. */
  note({ base, assumption: { role } }: RoleLink): void {
    if (base.kind === "instance-profile" || base.name !== undefined) return;
    const now = this.#runtime.monotonic();
    let watched = this.#roles.get(role.arn);
    if (watched?.reported) return;
    if (!watched || now - watched.since >= WITHIN) {
      watched = { since: now, keys: new Set(), reported: false };
      this.#roles.set(role.arn, watched);
    }
    watched.keys.add(base.key);
    if (watched.keys.size < MANY) return;
    watched.reported = true;
    watched.keys.clear();
    this.#diagnostics.publish("many-base-identities", { roleArn: role.arn, baseIdentities: MANY, hint: HINT });
  }
}
