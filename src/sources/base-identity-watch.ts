import { boundedCache } from "../bounded-cache.js";
import type { Diagnostics } from "../diagnostics.js";
import type { RoleLink } from "../request/chain.js";
import type { Runtime } from "../runtime.js";

/** Reports a role when it is requested with this many unnamed base identities within {@link WITHIN} milliseconds. */
const MANY = 10;
const WITHIN = 60_000;
const MAX_ROLES = 1000;

const HINT =
  "Use one function in instance.credentials for all requests, or set instance.credentialsName. Each new function or key pair counts as a new identity with separate sessions.";

interface Watched {
  readonly since: number;
  readonly keys: Set<string>;
  reported: boolean;
}

/** Reports, once per role, that callers use many base identities for it, for example a new one for each request. */
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
