import type { KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Diagnostics } from "../diagnostics.js";
import { stableDigest } from "../request/canonical.js";
import type { RequestForRole } from "../request/role-request.js";
import type { Runtime } from "../runtime.js";
import type { Flight } from "../session/flight.js";
import { believedLife, drawAdvisoryPoint, EXPIRY_MARGIN, type RefreshRules } from "../session/refresh-policy.js";
import type { Load, SharedSession } from "../session/session-source.js";
import type { ServerClocks } from "../sources/server-clock.js";
import { readAwsEnvironment } from "./aws-environment.js";
import type { CredentialStore, StoreLock } from "./credential-store.js";
import { readStoreKeys } from "./encryption-keys.js";
import { type RecordFault, sealedName } from "./sealed-record.js";
import { readAccessKeyId, readSessionRecord, toRecord } from "./session-record.js";
import { type SessionNames, StoreAccess, type StoreOperations } from "./store-operations.js";

/** Milliseconds between two looks for what the owner of a lock gets: doubled from the first to the longest. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 200;
/** Milliseconds that an owner has beyond its time for STS, to share what it got. */
const LOCK_MARGIN = 1000;
const MAX_INVALIDATED = 1000;

export interface SharedSessionsOptions {
  store: CredentialStore;
  runtime: Runtime;
  diagnostics: Diagnostics;
  serverClocks: ServerClocks;
  rules: RefreshRules;
  /** Milliseconds: how long a caller with nothing to serve waits for another process, and how long a load may take. */
  times: { readonly attemptTimeout: number; readonly timeout: number };
}

/** One load's session in the store. */
interface Place {
  readonly visit: StoreOperations;
  readonly names: SessionNames;
  readonly request: RequestForRole;
}

/** The sessions of roles that processes share through a store: one of them asks STS, and the others get what it got. */
export class SharedSessions {
  readonly #options: SharedSessionsOptions;
  readonly #access: StoreAccess;
  /** Read once: a store that loses its keys later must not get records that are not sealed. */
  readonly #encryptionKeys: readonly KeyObject[] | undefined;
  /** The access key ids of sessions that were dropped: the store may still hold them. */
  readonly #invalidated = new LRUCache<string, true>({ max: MAX_INVALIDATED });

  constructor(options: SharedSessionsOptions) {
    this.#options = options;
    this.#access = new StoreAccess(options);
    this.#encryptionKeys = readStoreKeys("options.store.encryptionKeys", options.store.encryptionKeys);
  }

  /**
   * The session that the store holds; else a new one from `assume`, which is shared. Where another process asks STS
   * already, a caller waits for what it gets, though not for long.
   * @throws RolecallError as `assume` does
   */
  async load(request: RequestForRole, flight: Flight, assume: () => Promise<Load>): Promise<Load> {
    const { runtime, times } = this.#options;
    const { visit, names } = await this.#visit(request);
    if (!names) return assume();
    const place: Place = { visit, names, request };
    const patience = runtime.monotonic() + times.attemptTimeout;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const shared = await this.#find(place, flight);
      if (shared) return shared;
      const lock = await visit.lock(names[0], times.timeout + LOCK_MARGIN);
      if (lock !== "taken") return this.#assumeUnderLock(place, flight, lock, assume);
      if (!flight.urgent && flight.held && !flight.mustBeNew) return { kind: "elsewhere" };
      if (flight.mustBeNew || runtime.monotonic() >= patience) return this.#assumeAndShare(place, assume);
      await runtime.sleep(pause * (1 + runtime.random()), flight.signal);
      visit.renew();
    }
  }

  /** Deletes what the store holds if it is the session with `accessKeyId`, or whichever it is. Never rejects. */
  async invalidate(request: RequestForRole, accessKeyId: string | undefined): Promise<void> {
    if (accessKeyId !== undefined) this.#invalidated.set(accessKeyId, true);
    const { visit, names = [] } = await this.#visit(request);
    for (const name of names) {
      if (accessKeyId === undefined) {
        await visit.delete(name);
        continue;
      }
      const record = await visit.get(name);
      if (record === undefined) continue;
      const held = readAccessKeyId(record, name, this.#encryptionKeys);
      if (held === accessKeyId) await visit.delete(name, record);
    }
  }

  async #assumeUnderLock(
    place: Place,
    flight: Flight,
    lock: StoreLock | undefined,
    assume: () => Promise<Load>,
  ): Promise<Load> {
    try {
      // The owner before may have shared its session between the look and the lock.
      const shared = lock && (await this.#find(place, flight));
      return shared ?? (await this.#assumeAndShare(place, assume));
    } finally {
      if (lock) await place.visit.release(lock);
    }
  }

  async #find({ visit, names, request }: Place, flight: Flight): Promise<SharedSession | undefined> {
    if (flight.mustBeNew) return undefined;
    for (const name of names) {
      const record = await visit.get(name);
      const read = record === undefined ? undefined : this.#read(record, name, request);
      if (read && "fault" in read) visit.reject(read.fault);
      else if (read && this.#isUsable(read, flight)) return read;
    }
    return undefined;
  }

  #read(record: string, name: string, request: RequestForRole): SharedSession | { fault: RecordFault } {
    const { runtime } = this.#options;
    const read = readSessionRecord(record, {
      storeKey: name,
      role: request.assumption.role,
      encryptionKeys: this.#encryptionKeys,
      now: runtime.now(),
      clock: this.#clock(request),
    });
    if ("fault" in read) return read;
    const { credentials, life, advisoryPoint } = read.session;
    return { kind: "shared", credentials, life, age: read.age, advisoryPoint };
  }

  #isUsable({ credentials, life, age, advisoryPoint }: SharedSession, flight: Flight): boolean {
    // A background refresh must not bring back an older session than the one that is held.
    const isNews = flight.urgent || !flight.held || age < advisoryPoint;
    return isNews && !this.#invalidated.has(credentials.accessKeyId) && flight.admits(credentials, life - age);
  }

  async #assumeAndShare({ visit, names, request }: Place, assume: () => Promise<Load>): Promise<Load> {
    const loaded = await assume();
    if (loaded.kind !== "issued") return loaded;
    const { runtime, rules } = this.#options;
    const { credentials } = loaded;
    const { expiration } = credentials;
    const life = believedLife(loaded.life);
    const advisoryPoint = drawAdvisoryPoint(life, rules, runtime.random());
    const ttl = Math.floor(life - EXPIRY_MARGIN);
    if (expiration && ttl > 0) {
      const clock = this.#clock(request);
      const session = {
        credentials: credentials as typeof credentials & { readonly expiration: Date }, // a spread would lose its secrets
        // STS may grant longer than it is asked: then the life that is used ends before the expiration.
        issuedAt: Math.min(runtime.now() + clock.offset, expiration.getTime() - life),
        life,
        advisoryPoint,
        clock,
      };
      const record = toRecord(session, request.assumption.role, names[0], this.#encryptionKeys);
      await visit.set(names[0], record, ttl);
    }
    return { ...loaded, advisoryPoint };
  }

  async #visit(request: RequestForRole): Promise<{ visit: StoreOperations; names: SessionNames | undefined }> {
    const visit = this.#access.startOperations({ roleArn: request.assumption.role.arn, key: request.key });
    return { visit, names: await visit.locate(() => this.#namesOf(request)) };
  }

  /** Beyond the session itself, they hold all that tells one AWS and one instance profile from another. */
  async #namesOf({ digest }: RequestForRole): Promise<SessionNames> {
    const { scope } = this.#options.store;
    const place = stableDigest({
      session: digest,
      scope,
      environment: await readAwsEnvironment(this.#options.runtime.env),
    });
    const [first, ...others] = (this.#encryptionKeys ?? []).map((key) => sealedName(place, key));
    return first === undefined ? [place] : [first, ...others];
  }

  #clock({ sts }: RequestForRole) {
    const { runtime, serverClocks } = this.#options;
    return { host: runtime.hostname(), offset: serverClocks.of(sts).offset(runtime) };
  }
}
