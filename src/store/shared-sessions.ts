import { LRUCache } from "lru-cache";
import type { Diagnostics } from "../diagnostics.js";
import { keyOf } from "../request/canonical.js";
import type { RequestForRole } from "../request/role-request.js";
import type { Runtime } from "../runtime.js";
import { believedLife, drawAdvisoryPoint, EXPIRY_MARGIN, type RefreshRules } from "../session/refresh-policy.js";
import type { Flight, LoadedSession } from "../session/session-source.js";
import type { ServerClock } from "../sources/server-clock.js";
import type { CredentialStore, StoreLock } from "./credential-store.js";
import { readAccessKeyId, readRecord, toRecord } from "./session-record.js";
import { StoreAccess, type StoreVisit } from "./store-visit.js";

/** Milliseconds between two looks for what the owner of a lock gets: doubled from the first to the longest. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 200;
/** Milliseconds that an owner has beyond its time for STS, to share what it got. */
const LOCK_MARGIN = 1000;
const MAX_FORGOTTEN = 1000;

export interface SharedSessionsOptions {
  store: CredentialStore;
  runtime: Runtime;
  diagnostics: Diagnostics;
  serverClock: ServerClock;
  rules: RefreshRules;
  /** Milliseconds: how long a caller with nothing to serve waits for another process, and how long a load may take. */
  times: { readonly attemptTimeout: number; readonly timeout: number };
}

/** The sessions of roles that processes share through a store: one of them asks STS, and the others get what it got. */
export class SharedSessions {
  readonly #options: SharedSessionsOptions;
  readonly #access: StoreAccess;
  /** The access key ids of sessions that were dropped: the store may still hold them. */
  readonly #forgotten = new LRUCache<string, true>({ max: MAX_FORGOTTEN });

  constructor(options: SharedSessionsOptions) {
    this.#options = options;
    this.#access = new StoreAccess(options);
  }

  /**
   * The session that the store holds; else a new one from `assume`, which is shared. Where another process asks STS
   * already, a caller waits for what it gets, though not for long.
   * @returns `undefined`: another process asks, and this flight can do without
   * @throws RolecallError as `assume` does
   */
  async load(
    request: RequestForRole,
    flight: Flight,
    assume: () => Promise<LoadedSession>,
  ): Promise<LoadedSession | undefined> {
    const { runtime, times } = this.#options;
    const visit = this.#visit(request);
    const patience = runtime.monotonic() + times.attemptTimeout;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const shared = await this.#find(visit, request, flight);
      if (shared) return shared;
      const lock = await visit.lock(times.timeout + LOCK_MARGIN);
      if (lock !== "taken") return this.#assumeUnderLock(visit, request, flight, lock, assume);
      if (!flight.urgent && flight.heldAccessKeyId !== undefined && !flight.anew) return undefined;
      if (flight.anew || runtime.monotonic() >= patience) return this.#assumeAndShare(visit, request, assume);
      await runtime.sleep(pause * (1 + runtime.random()), flight.signal);
      visit.renew();
    }
  }

  /** Deletes what the store holds if it is the session with `accessKeyId`, or whichever it is. Never rejects. */
  async forget(request: RequestForRole, accessKeyId: string | undefined): Promise<void> {
    const visit = this.#visit(request);
    if (accessKeyId === undefined) return visit.delete();
    this.#forgotten.set(accessKeyId, true);
    const record = await visit.get();
    if (record === undefined) return;
    const held = readAccessKeyId(record, this.#storeKey(request), this.#options.store.encryptionKeys);
    if (held === accessKeyId) await visit.delete(record);
  }

  async #assumeUnderLock(
    visit: StoreVisit,
    request: RequestForRole,
    flight: Flight,
    lock: StoreLock | undefined,
    assume: () => Promise<LoadedSession>,
  ): Promise<LoadedSession> {
    try {
      // The owner before may have shared its session between the look and the lock.
      const shared = lock && (await this.#find(visit, request, flight));
      return shared ?? (await this.#assumeAndShare(visit, request, assume));
    } finally {
      if (lock) await visit.release(lock);
    }
  }

  async #find(visit: StoreVisit, request: RequestForRole, flight: Flight): Promise<LoadedSession | undefined> {
    if (flight.anew) return undefined;
    const { runtime, store } = this.#options;
    const record = await visit.get();
    if (record === undefined) return undefined;
    const { role } = request.assumption;
    const read = readRecord(record, {
      storeKey: this.#storeKey(request),
      role,
      encryptionKeys: store.encryptionKeys,
      now: runtime.now(),
      clock: this.#clock(),
    });
    if ("fault" in read) {
      visit.reject(read.fault);
      return undefined;
    }
    const { credentials, issuedAt, advisoryPoint } = read.session;
    const { accessKeyId, expiration } = credentials;
    const loaded = { credentials, life: expiration.getTime() - issuedAt, age: read.age, advisoryPoint };
    // A refresh in the background must not take back an older session than the one that is held.
    const isNews = flight.urgent || flight.heldAccessKeyId === undefined || read.age < advisoryPoint;
    const isUsable = isNews && !this.#forgotten.has(accessKeyId) && flight.admits(loaded);
    return isUsable ? loaded : undefined;
  }

  async #assumeAndShare(
    visit: StoreVisit,
    request: RequestForRole,
    assume: () => Promise<LoadedSession>,
  ): Promise<LoadedSession> {
    const loaded = await assume();
    const { runtime, rules, store } = this.#options;
    const { credentials } = loaded;
    const { expiration } = credentials;
    const life = believedLife(loaded.life);
    const advisoryPoint = drawAdvisoryPoint(life, rules, runtime.random());
    const ttl = Math.floor(life - EXPIRY_MARGIN);
    if (expiration && ttl > 0) {
      const session = {
        credentials: credentials as typeof credentials & { readonly expiration: Date }, // a spread would lose its secrets
        issuedAt: expiration.getTime() - life,
        advisoryPoint,
        clock: this.#clock(),
      };
      const record = toRecord(session, request.assumption.role, this.#storeKey(request), store.encryptionKeys);
      await visit.set(record, ttl);
    }
    return { ...loaded, advisoryPoint };
  }

  #visit(request: RequestForRole): StoreVisit {
    const labels = { roleArn: request.assumption.role.arn, key: request.key };
    return this.#access.visit(this.#storeKey(request), labels);
  }

  /** Beyond the session's key, all that tells one AWS and one instance profile from another. */
  #storeKey({ key, base }: RequestForRole): string {
    const { store, runtime } = this.#options;
    const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, AWS_EC2_METADATA_SERVICE_ENDPOINT } = runtime.env;
    return keyOf({
      session: key,
      scope: store.scope,
      sts: AWS_ENDPOINT_URL_STS || AWS_ENDPOINT_URL || undefined,
      imds: (base.kind === "instance-profile" && AWS_EC2_METADATA_SERVICE_ENDPOINT) || undefined,
    });
  }

  #clock() {
    const { runtime, serverClock } = this.#options;
    return { host: runtime.hostname(), offset: serverClock.offset };
  }
}
