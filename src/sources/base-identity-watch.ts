import { LRUCache } from "lru-cache";
import type { Diagnostics } from "../diagnostics.js";
import type { RequestForRole } from "../request/role-request.js";
import type { Runtime } from "../runtime.js";

/** Different base identities without a name, for one role, within {@link WITHIN} milliseconds. */
const MANY = 10;
const WITHIN = 60_000;
const MOST_ROLES = 1000;

const HINT =
  "Keep one function in instance.credentials for all requests, or give it a name in instance.credentialsName: each new function, and each new key pair, counts as a new identity with separate sessions.";

interface Watched {
  since: number;
  readonly keys: Set<string>;
  told: boolean;
}

/** Tells once for each role that its sessions are asked for through many base identities, such as one made per request. */
export class BaseIdentityWatch {
  readonly #runtime: Runtime;
  readonly #diagnostics: Diagnostics;
  readonly #roles = new LRUCache<string, Watched>({ max: MOST_ROLES });

  constructor({ runtime, diagnostics }: { runtime: Runtime; diagnostics: Diagnostics }) {
    this.#runtime = runtime;
    this.#diagnostics = diagnostics;
  }

  /** A role is to be assumed. */
  note({ base, assumption: { role } }: RequestForRole): void {
    if (base.kind === "instance-profile" || base.kind === "named-provider") return;
    const watched = this.#watched(role.arn);
    if (watched.told) return;
    watched.keys.add(base.key);
    if (watched.keys.size < MANY) return;
    watched.told = true;
    watched.keys.clear();
    this.#diagnostics.publish("many-base-identities", { roleArn: role.arn, baseIdentities: MANY, hint: HINT });
  }

  #watched(roleArn: string): Watched {
    const now = this.#runtime.monotonic();
    const known = this.#roles.get(roleArn);
    if (known && (known.told || now - known.since < WITHIN)) return known;
    const fresh = { since: now, keys: new Set<string>(), told: false };
    this.#roles.set(roleArn, fresh);
    return fresh;
  }
}
