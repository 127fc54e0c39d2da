import type { KeyObject } from "node:crypto";
import { boundedCache } from "../bounded-cache.js";
import type { Diagnostics } from "../diagnostics.js";
import { stableDigest } from "../request/canonical.js";
import { type Link, linksOf, type RoleLink } from "../request/chain.js";
import type { Runtime } from "../runtime.js";
import type { Flight } from "../session/flight.js";
import { believedLife, drawAdvisoryPoint, EXPIRY_MARGIN, type RefreshRules } from "../session/refresh-policy.js";
import type { Load, SharedSession } from "../session/session-loader.js";
import type { ServerClocks } from "../sources/server-clock.js";
import { readAwsEnvironment } from "./aws-environment.js";
import type { CredentialStore } from "./credential-store.js";
import { readStoreKeys } from "./encryption-keys.js";
import { openRecord, sealedName } from "./sealed-record.js";
import { readSessionRecord, type SessionToShare, toRecord } from "./session-record.js";
import { type SessionNames, type StoreAccess, StoreOperations } from "./store-operations.js";

/** Milliseconds between reads while another process holds the lock. The pause doubles up to the longest. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 200;
/** Milliseconds that a lock lasts beyond its owner's STS timeout, so that the owner has time to share the session. */
const LOCK_MARGIN = 1000;
const MAX_INVALIDATED = 1000;

export interface SharedSessionsOptions {
  store: CredentialStore;
  runtime: Runtime;
  diagnostics: Diagnostics;
  serverClocks: ServerClocks;
  rules: RefreshRules;
  /**
   * Milliseconds for each STS call of the chain. A caller without a session waits `attemptTimeout` for another process,
   * and a load may take `timeout`.
   */
  times: { readonly attemptTimeout: number; readonly timeout: number };
}

/** Counts the STS calls that a session takes if no session of its chain is cached. */
function countCalls(link: Link): number {
  return linksOf(link).filter(({ assumption }) => assumption !== undefined).length;
}

/** Where one load reads and writes its session in the store. */
interface Place {
  readonly visit: StoreOperations;
  readonly names: SessionNames;
  readonly link: RoleLink;
}

/** Shares the sessions of roles through a store: one process calls STS, and the others read its session. */
export class SharedSessions {
  readonly #options: SharedSessionsOptions;
  readonly #access: StoreAccess;
  /** Read once, so that a store cannot turn encryption off later. */
  readonly #encryptionKeys: readonly KeyObject[] | undefined;
  /** The access key ids of invalidated sessions, which the store may still hold. */
  readonly #invalidated = boundedCache<true>(MAX_INVALIDATED);

  constructor(options: SharedSessionsOptions) {
    const { store, runtime, diagnostics } = options;
    this.#options = options;
    this.#access = { store, runtime, diagnostics, pausedUntil: Number.NEGATIVE_INFINITY };
    this.#encryptionKeys = readStoreKeys("options.store.encryptionKeys", store.encryptionKeys);
  }

  /**
   * Reads the session from the store. If there is none, calls `assume` and shares the result. If another process is
   * already calling STS, a caller waits for its session for a limited time.
   * @throws RolecallError as `assume` does
   */
  async load(link: RoleLink, flight: Flight, assume: () => Promise<Load>): Promise<Load> {
    const { runtime, times } = this.#options;
    const place = await this.#locate(link);
    if (!place) return assume();
    const { visit, names } = place;
    const calls = countCalls(link);
    const deadline = runtime.monotonic() + calls * times.attemptTimeout;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const shared = await this.#find(place, flight);
      if (shared) return shared;
      const lock = await visit.lock(names[0], calls * times.timeout + LOCK_MARGIN);
      if (lock === undefined) return this.#assumeAndShare(place, assume);
      if (lock !== "taken") {
        try {
          // The previous owner may have shared its session between the read and the lock.
          return (await this.#find(place, flight)) ?? (await this.#assumeAndShare(place, assume));
        } finally {
          await visit.release(lock);
        }
      }
      if (!flight.urgent && flight.held && !flight.mustBeNew) return { kind: "elsewhere" };
      if (flight.mustBeNew || runtime.monotonic() >= deadline) return this.#assumeAndShare(place, assume);
      await runtime.sleep(pause * (1 + runtime.random()), flight.signal);
      visit.renew();
    }
  }

  /** Deletes the stored session. With `accessKeyId`, only if the session has that access key id. Never rejects. */
  async invalidate(link: RoleLink, accessKeyId: string | undefined): Promise<void> {
    if (accessKeyId !== undefined) this.#invalidated.set(accessKeyId, true);
    const place = await this.#locate(link);
    if (!place) return;
    for (const name of place.names) {
      const record = accessKeyId === undefined ? undefined : await place.visit.get(name);
      const opened = record === undefined ? undefined : openRecord(record, name, this.#encryptionKeys);
      const isMatch = opened && "fields" in opened && opened.fields.accessKeyId === accessKeyId;
      if (accessKeyId === undefined || isMatch) await place.visit.delete(name, record);
    }
  }

  async #find({ visit, names, link }: Place, flight: Flight): Promise<SharedSession | undefined> {
    if (flight.mustBeNew) return undefined;
    for (const name of names) {
      const record = await visit.get(name);
      if (record === undefined) continue;
      const read = readSessionRecord(record, {
        storeKey: name,
        role: link.assumption.role,
        encryptionKeys: this.#encryptionKeys,
        now: this.#options.runtime.now(),
        clock: this.#clock(link),
      });
      if ("fault" in read) visit.reject(read.fault);
      else if (this.#isUsable(read, flight)) return read;
    }
    return undefined;
  }

  #isUsable({ credentials, life, age, advisoryPoint }: SharedSession, flight: Flight): boolean {
    // A background refresh must not replace the held session with an older one.
    const isNews = flight.urgent || !flight.held || age < advisoryPoint;
    return isNews && !this.#invalidated.has(credentials.accessKeyId) && flight.admits(credentials, life - age);
  }

  async #assumeAndShare({ visit, names, link }: Place, assume: () => Promise<Load>): Promise<Load> {
    const loaded = await assume();
    if (loaded.kind !== "issued") return loaded;
    const { runtime, rules } = this.#options;
    const credentials = loaded.credentials as SessionToShare["credentials"]; // a spread would lose the secrets
    const life = believedLife(loaded.life);
    const advisoryPoint = drawAdvisoryPoint(life, rules, runtime.random());
    const ttl = Math.floor(life - EXPIRY_MARGIN);
    if (loaded.credentials.expiration && ttl > 0) {
      const clock = this.#clock(link);
      // An expiration later than the requested duration is not trusted. The session then ends before its expiration.
      const issuedAt = Math.min(runtime.now() + clock.offset, credentials.expiration.getTime() - life);
      const session = { credentials, issuedAt, life, advisoryPoint, clock };
      await visit.set(names[0], toRecord(session, link.assumption.role, names[0], this.#encryptionKeys), ttl);
    }
    return { ...loaded, advisoryPoint };
  }

  async #locate(link: RoleLink): Promise<Place | undefined> {
    const { step, roleArn, key } = link;
    const visit = new StoreOperations(this.#access, { step, roleArn, key });
    const names = await visit.locate(() => this.#nameSession(link));
    return names && { visit, names, link };
  }

  /** Derives the names from the session, the store's scope and the AWS environment. */
  async #nameSession({ digest }: RoleLink): Promise<SessionNames> {
    const { store, runtime } = this.#options;
    const environment = await readAwsEnvironment(runtime.env);
    const place = stableDigest({ session: digest, scope: store.scope, environment });
    const [first, ...others] = (this.#encryptionKeys ?? []).map((key) => sealedName(place, key));
    return first === undefined ? [place] : [first, ...others];
  }

  #clock({ sts }: RoleLink) {
    const { runtime, serverClocks } = this.#options;
    return { host: runtime.hostname(), offset: serverClocks.of(sts).offset(runtime) };
  }
}
