import { type BoundedCache, boundedCache } from "../bounded-cache.js";
import type { Diagnostics } from "../diagnostics.js";
import { RolecallError } from "../errors.js";
import type { Link } from "../request/chain.js";
import type { Runtime } from "../runtime.js";
import { NO_DEMAND, type SessionDemand } from "./flight.js";
import type { SessionCredentials } from "./session-credentials.js";
import type { SessionLoader } from "./session-loader.js";
import { SessionSlot, type SlotHost } from "./session-slot.js";

export interface CredentialCacheOptions {
  runtime: Runtime;
  diagnostics: Diagnostics;
  loader: SessionLoader;
  maxSessions: number;
  refreshAhead: boolean;
}

const MAX_IDENTITIES = 1000;

/** All sessions of a resolver by key, up to a maximum number. */
export class CredentialCache {
  readonly #slots: BoundedCache<SessionSlot>;
  /** Slots with a load in progress. Even if the cache evicts a slot, two loads of one key never run at once. */
  readonly #pinned = new Map<string, SessionSlot>();
  /** See `IssuedSession.identity`. Kept after an eviction, because sessions obtained with that identity may remain. */
  readonly #identities = boundedCache<string>(MAX_IDENTITIES);
  readonly #host: SlotHost;
  #closed = false;

  constructor({ runtime, diagnostics, loader, maxSessions, refreshAhead }: CredentialCacheOptions) {
    this.#slots = boundedCache<SessionSlot>(maxSessions, (slot, _key, reason) => {
      slot.retire();
      if (reason === "evict") diagnostics.publish("evicted", slot.labels);
    });
    this.#host = {
      runtime,
      diagnostics,
      loader,
      refreshAhead,
      pin: (slot) => this.#pinned.set(slot.key, slot),
      unpin: (slot) => {
        this.#pinned.delete(slot.key);
        if (!this.#closed && !this.#slots.has(slot.key)) this.#slots.set(slot.key, slot);
      },
      noteIdentity: (slot, identity) => this.#noteIdentity(slot.key, identity),
    };
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The next load of the key is for this link. */
  adopt(link: Link): void {
    this.#find(link.key)?.adopt(link);
  }

  /**
   * Returns the link's session: from memory while it is valid, otherwise from one load that all callers share.
   * @throws RolecallError the load's error, a remembered denial, `ABORTED`, `TIMEOUT` or `RESOLVER_CLOSED`
   */
  get(link: Link, demand?: Partial<SessionDemand>): Promise<SessionCredentials> {
    if (this.#closed) return Promise.reject(closedError());
    let slot = this.#find(link.key);
    if (!slot) {
      slot = new SessionSlot(link, this.#host);
      this.#slots.set(link.key, slot);
    }
    return slot.get(demand ? { ...NO_DEMAND, ...demand } : NO_DEMAND);
  }

  /** Drops the link's session: from memory immediately, from the store before the promise resolves. */
  async invalidate(link: Link): Promise<void> {
    const slot = this.#find(link.key);
    await (slot ? slot.invalidate() : this.#host.loader.deleteShared(link, undefined));
  }

  /** See {@link SessionSlot.forgetRefusal}. */
  forgetRefusal(key: string): void {
    this.#find(key)?.forgetRefusal();
  }

  /** See {@link SessionSlot.replace}. Returns `true` if the session has already been replaced. */
  async replace(link: Link, accessKeyId: string, doubtful: boolean): Promise<boolean> {
    if (this.#closed) throw closedError();
    return this.#find(link.key)?.replace(accessKeyId, doubtful) ?? true;
  }

  /** Whether the session of `key` was issued more than `age` milliseconds ago. */
  isOlderThan(key: string, age: number): boolean {
    return this.#find(key)?.isOlderThan(age) ?? false;
  }

  /** Stops all timers and aborts all loads. Waiting callers get `RESOLVER_CLOSED`. */
  close(): void {
    this.#closed = true;
    for (const slot of this.#pinned.values()) slot.abort(closedError());
    this.#slots.clear();
  }

  /** If a machine gets another role, that role must not be served the sessions of the old one. */
  #noteIdentity(key: string, identity: string): void {
    const known = this.#identities.get(key);
    this.#identities.set(key, identity);
    if (known !== undefined && known !== identity) this.#invalidateAllFrom(key);
  }

  /** Invalidates all sessions that were obtained, directly or indirectly, with the session of `key`. */
  #invalidateAllFrom(key: string): void {
    const slots = [...new Set([...this.#slots.values(), ...this.#pinned.values()])];
    let parents = new Set([key]);
    while (parents.size > 0) {
      const children = slots.filter(({ parentKey }) => parentKey !== undefined && parents.has(parentKey));
      for (const slot of children) void slot.invalidate();
      parents = new Set(children.map((slot) => slot.key));
    }
  }

  #find(key: string): SessionSlot | undefined {
    return this.#slots.get(key) ?? this.#pinned.get(key);
  }
}

export function closedError(): RolecallError {
  return new RolecallError("RESOLVER_CLOSED", "The resolver was closed.", {
    step: "request",
    hint: "Create another one, or close it later.",
  });
}
