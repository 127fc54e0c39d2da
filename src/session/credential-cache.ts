import { type BoundedCache, boundedCache } from "../bounded-cache.js";
import type { Diagnostics } from "../diagnostics.js";
import { RolecallError } from "../errors.js";
import type { Runtime } from "../runtime.js";
import { NO_DEMAND, type SessionDemand } from "./flight.js";
import type { SessionCredentials } from "./session-credentials.js";
import { SessionSlot, type SlotHost } from "./session-slot.js";
import type { SessionSource } from "./session-source.js";

export interface CredentialCacheOptions {
  runtime: Runtime;
  diagnostics: Diagnostics;
  maxSessions: number;
  refreshAhead: boolean;
}

const MAX_IDENTITIES = 1000;

/** All sessions of a resolver by key, bounded. */
export class CredentialCache {
  readonly #slots: BoundedCache<SessionSlot>;
  /** Slots with a load under way: two loads of one key never run at once, even if the bound pushed the slot out. */
  readonly #pinned = new Map<string, SessionSlot>();
  /** See `IssuedSession.identity`. They outlast an evicted slot: the sessions obtained with it may still be held. */
  readonly #identities = boundedCache<string>(MAX_IDENTITIES);
  readonly #host: SlotHost;
  #closed = false;

  constructor({ runtime, diagnostics, maxSessions, refreshAhead }: CredentialCacheOptions) {
    this.#slots = boundedCache<SessionSlot>(maxSessions, (slot, _key, reason) => {
      slot.retire();
      if (reason === "evict") diagnostics.publish("evicted", slot.labels);
    });
    this.#host = {
      runtime,
      diagnostics,
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

  /** The key's next load asks this source: it is that of the newest request. */
  adopt(source: SessionSource): void {
    this.#find(source.key)?.adopt(source);
  }

  /**
   * The source's session: from memory while it is valid, else loaded once for all who ask.
   * @throws RolecallError the load's error, a remembered refusal, `ABORTED`, `TIMEOUT` or `RESOLVER_CLOSED`
   */
  get(source: SessionSource, demand?: Partial<SessionDemand>): Promise<SessionCredentials> {
    if (this.#closed) return Promise.reject(closedError());
    let slot = this.#find(source.key);
    if (!slot) {
      slot = new SessionSlot(source, this.#host);
      this.#slots.set(source.key, slot);
    }
    return slot.get(demand ? { ...NO_DEMAND, ...demand } : NO_DEMAND);
  }

  /** Drops the source's session, here at once, and wherever it is shared before the promise resolves. */
  async invalidate(source: SessionSource): Promise<void> {
    const slot = this.#find(source.key);
    await (slot ? slot.invalidate() : source.invalidate(undefined));
  }

  /** See {@link SessionSlot.forgetRefusal}. */
  forgetRefusal(key: string): void {
    this.#find(key)?.forgetRefusal();
  }

  /** See {@link SessionSlot.replace}. A session that is no longer held has given way already. */
  async replace(source: SessionSource, accessKeyId: string, doubtful: boolean): Promise<boolean> {
    if (this.#closed) throw closedError();
    return this.#find(source.key)?.replace(accessKeyId, doubtful) ?? true;
  }

  /** Whether a session is held for `key` that was issued longer than `age` ms ago. */
  isOlderThan(key: string, age: number): boolean {
    return this.#find(key)?.isOlderThan(age) ?? false;
  }

  /** Ends every timer and every load. Callers who wait get `RESOLVER_CLOSED`. */
  close(): void {
    this.#closed = true;
    for (const slot of this.#pinned.values()) slot.abort(closedError());
    this.#slots.clear();
  }

  /** A machine's role may be replaced by another one, which must not be served what the old one could assume. */
  #noteIdentity(key: string, identity: string): void {
    const known = this.#identities.get(key);
    this.#identities.set(key, identity);
    if (known !== undefined && known !== identity) this.#invalidateAllFrom(key);
  }

  /** Invalidates the sessions that were obtained with this key's, and those that were obtained with them. */
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
