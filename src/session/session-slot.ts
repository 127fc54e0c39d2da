import { onAbort, raceAbort } from "../abort.js";
import type { Diagnostics } from "../diagnostics.js";
import { isRolecallError, RolecallError, type RolecallErrorCode } from "../errors.js";
import type { Runtime } from "../runtime.js";
import {
  backoffAfter,
  believedLife,
  drawAdvisoryPoint,
  EXPIRY_MARGIN,
  elapsedBetween,
  freshnessOf,
  holdAfterRefusal,
  lookAgain,
  type Moment,
  nextLook,
} from "./refresh-policy.js";
import type { RefreshTimer } from "./refresh-timer.js";
import type { SessionCredentials } from "./session-credentials.js";
import { Flight, type LoadedSession, type SessionSource, type SessionWish } from "./session-source.js";

/** What all slots of a cache share. */
export interface SlotHost {
  readonly runtime: Runtime;
  readonly diagnostics: Diagnostics;
  /** Refreshes a session that is in use before a command asks. `undefined`: the command's question does. */
  readonly timer: RefreshTimer | undefined;
  /** Keeps the slot findable while a load is under way, whatever the bound on sessions says. */
  pin(slot: SessionSlot): void;
  unpin(slot: SessionSlot): void;
}

/** Begins at the moment when it was issued. */
interface HeldSession extends Moment {
  readonly credentials: SessionCredentials;
  readonly life: number;
  readonly advisoryPoint: number;
}

interface Failure {
  readonly error: RolecallError;
  readonly count: number;
  readonly at: Moment;
  /** The source is not asked again before. */
  readonly hold: number;
}

/** Once a session has been served this long, a doubtful rejection by a service may be the session's fault. */
const DOUBT_AFTER = 60_000;
/** A caller without a signal of its own waits no longer than this. */
const LONGEST_WAIT = 60_000;
const NEVER = -1;
/** The refresh timer leaves at least this between two tries. */
const SHORTEST_RETRY = 1000;

const REFUSALS: ReadonlySet<RolecallErrorCode> = new Set([
  "ASSUME_ROLE_DENIED",
  "ASSUME_ROLE_INVALID",
  "REGION_DISABLED",
]);

/**
 * The session of one key through its life: at most one load at a time, and whoever can be served is served at once.
 * All state is private, since lru-cache publishes the values that it holds.
 */
export class SessionSlot {
  /** That of the caller who asked last: its way to the source may be another one. */
  #source: SessionSource;
  readonly #host: SlotHost;
  #session: HeldSession | undefined;
  #failure: Failure | undefined;
  #flight: Flight | undefined;
  #usedSinceRefresh = false;
  /** When the refresh ahead of need is due, by the host's timer. */
  #tick = NEVER;
  /** Counts invalidations: a load that began before one must not bring its session back. */
  #generation = 0;
  #lastSuccess: number | undefined;
  #lastDoubt: Moment | undefined;

  constructor(source: SessionSource, host: SlotHost) {
    this.#source = source;
    this.#host = host;
  }

  get key(): string {
    return this.#source.key;
  }

  get roleArn(): string | undefined {
    return this.#source.roleArn;
  }

  /**
   * The session, at once where one can be served. Rejects with the load's error, a remembered refusal, `ABORTED` or
   * `TIMEOUT`. Every request comes through here, hence no `async`: it would make a promise more for each.
   */
  get(source: SessionSource, wish: SessionWish): Promise<SessionCredentials> {
    const now = this.#now();
    this.#source = source;
    this.#usedSinceRefresh = true;
    const held = wish.forceRefresh ? undefined : this.#servable(now, wish.minRemaining ?? 0);
    if (!held) return this.#load(wish, now);
    this.#host.diagnostics.publish("hit", this.#labels());
    if (this.#isRefreshDue(now)) this.#startFlight();
    return Promise.resolve(held.credentials);
  }

  async #load(wish: SessionWish, now: Moment) {
    const { signal, forceRefresh, despiteRefusal = forceRefresh } = wish;
    const { diagnostics } = this.#host;
    const refusal = despiteRefusal ? undefined : this.#rememberedRefusal(now);
    if (refusal) {
      diagnostics.publish("denied", { ...this.#labels(), code: refusal.code, remembered: true });
      throw refusal;
    }
    if (signal?.aborted) throw this.#abortedError(signal);
    diagnostics.publish(this.#flight ? "joined" : "miss", this.#labels());
    return this.#wait(this.#flight?.demand(wish) ?? this.#startFlight(wish), signal);
  }

  /**
   * Drops the session, so that the next caller loads anew. With `accessKeyId` only if that is the session held.
   * `doubtful`: the evidence is weak; only a session older than a minute, and at most once a minute.
   * @returns whether anything was dropped
   */
  invalidate(accessKeyId?: string, doubtful = false): boolean {
    const now = this.#now();
    if (accessKeyId !== undefined && this.#session?.credentials.accessKeyId !== accessKeyId) return false;
    if (doubtful) {
      const tooSoon = this.#lastDoubt && elapsedBetween(this.#lastDoubt, now) < DOUBT_AFTER;
      if (tooSoon || !this.isOlderThan(DOUBT_AFTER)) return false;
      this.#lastDoubt = now;
    }
    void this.#drop();
    return true;
  }

  /** Drops whatever is held, and waits until it is dropped wherever it is shared. */
  drop(): Promise<void> {
    return this.#drop();
  }

  async #drop(): Promise<void> {
    const held = this.#session?.credentials.accessKeyId;
    this.#session = undefined;
    this.#failure = undefined;
    this.#generation++;
    this.#disarm();
    this.#host.diagnostics.publish("invalidated", this.#labels());
    await this.#source.forget?.(held);
  }

  /**
   * A service refused the session with this key.
   * @returns whether another one would sign the next request
   */
  reject(accessKeyId: string, doubtful: boolean): boolean {
    return this.#session?.credentials.accessKeyId !== accessKeyId || this.invalidate(accessKeyId, doubtful);
  }

  isOlderThan(age: number): boolean {
    return this.#session !== undefined && elapsedBetween(this.#session, this.#now()) > age;
  }

  /** Ends the timer. The slot is out of the cache, or about to be. */
  retire(): void {
    this.#disarm();
  }

  /** Ends the load under way for all who wait. */
  abort(reason: RolecallError): void {
    this.#flight?.abort(reason);
  }

  #now(): Moment {
    const { runtime } = this.#host;
    return { wall: runtime.now(), monotonic: runtime.monotonic() };
  }

  #labels() {
    return { roleArn: this.#source.roleArn, key: this.#source.key };
  }

  #remaining(now: Moment): number {
    return this.#session ? this.#session.life - elapsedBetween(this.#session, now) : 0;
  }

  #servable(now: Moment, minRemaining: number): HeldSession | undefined {
    const session = this.#session;
    if (!session) return undefined;
    const remaining = this.#remaining(now);
    if (remaining > EXPIRY_MARGIN && remaining >= minRemaining) return session;
    const extended = this.#source.rules.staticStability && minRemaining === 0 && this.#isHeldOff(now);
    return extended ? session : undefined;
  }

  #isRefreshDue(now: Moment): boolean {
    const session = this.#session;
    if (!session || this.#flight || this.#isHeldOff(now)) return false;
    return freshnessOf(elapsedBetween(session, now), session.life, session.advisoryPoint) !== "fresh";
  }

  #untilRefreshDue(now: Moment): number {
    return this.#session ? this.#session.advisoryPoint - elapsedBetween(this.#session, now) : 0;
  }

  #isHeldOff(now: Moment): boolean {
    return this.#failure !== undefined && elapsedBetween(this.#failure.at, now) < this.#failure.hold;
  }

  #rememberedRefusal(now: Moment): RolecallError | undefined {
    return this.#failure && isRefusal(this.#failure.error) && this.#isHeldOff(now) ? this.#failure.error : undefined;
  }

  #startFlight(wish: SessionWish = {}): Flight {
    const flight = new Flight(this.#lastSuccess, this.#session?.credentials.accessKeyId).demand(wish);
    this.#flight = flight;
    this.#host.pin(this);
    flight.promise = this.#fly(flight);
    flight.promise.catch(() => {}); // a refresh in the background may have nobody who waits for it
    return flight;
  }

  async #fly(flight: Flight): Promise<SessionCredentials> {
    let shared = false;
    try {
      for (;;) {
        const generation = this.#generation;
        const outcome = await this.#ask(flight);
        if (flight.signal.aborted) throw flight.signal.reason;
        if (generation !== this.#generation) {
          // It may have been shared on the way.
          if (outcome && !isRolecallError(outcome)) void this.#source.forget?.(outcome.credentials.accessKeyId);
          if (!flight.urgent) throw new Error("invalidated on the way, and nobody waits");
          flight.anew = true;
        } else if (!outcome) {
          if (!flight.urgent) return this.#postpone();
        } else if (isRolecallError(outcome) || outcome.age === undefined || flight.admits(outcome)) {
          shared = !isRolecallError(outcome) && outcome.age !== undefined;
          return this.#settle(outcome, flight);
        }
      }
    } finally {
      this.#flight = undefined;
      this.#host.unpin(this);
      // A process that ends after one command has nobody who would ask again.
      if (shared && flight.urgent && this.#isRefreshDue(this.#now())) this.#startFlight();
    }
  }

  async #ask(flight: Flight): Promise<LoadedSession | RolecallError | undefined> {
    try {
      return await raceAbort(this.#source.load(flight), flight.signal);
    } catch (error) {
      if (isRolecallError(error)) return error;
      throw error;
    }
  }

  #settle(outcome: LoadedSession | RolecallError, flight: Flight): SessionCredentials {
    const now = this.#now();
    if (!isRolecallError(outcome)) return this.#accept(outcome, flight, now);
    this.#noteFailure(outcome, now);
    if (this.#source.rules.staticStability && this.#session && this.#remaining(now) <= EXPIRY_MARGIN) {
      return this.#session.credentials;
    }
    throw outcome;
  }

  #accept(loaded: LoadedSession, flight: Flight, now: Moment): SessionCredentials {
    const { runtime, diagnostics } = this.#host;
    const life = believedLife(loaded.life);
    const age = loaded.age ?? 0;
    const repeated =
      loaded.credentials.accessKeyId === this.#session?.credentials.accessKeyId &&
      loaded.credentials.expiration?.getTime() === this.#session.credentials.expiration?.getTime();
    this.#session = {
      credentials: loaded.credentials,
      life,
      wall: now.wall - age,
      monotonic: now.monotonic - age,
      advisoryPoint: repeated
        ? nextLook(life, runtime.random())
        : (loaded.advisoryPoint ?? drawAdvisoryPoint(life, this.#source.rules, runtime.random())),
    };
    this.#failure = undefined;
    this.#lastSuccess = now.wall;
    this.#usedSinceRefresh = false;
    this.#arm(Math.max(0, this.#session.advisoryPoint - age));
    const shared = loaded.age !== undefined;
    diagnostics.publish("refreshed", { ...this.#labels(), life: life - age, background: !flight.urgent, shared });
    return loaded.credentials;
  }

  /** Another process refreshes: what it gets is looked for in a second or two. */
  #postpone(): SessionCredentials {
    const session = this.#session as HeldSession; // else somebody would wait, and the flight would be urgent
    const now = this.#now();
    const delay = lookAgain(this.#host.runtime.random());
    this.#session = { ...session, advisoryPoint: elapsedBetween(session, now) + delay };
    this.#arm(delay);
    return session.credentials;
  }

  #noteFailure(error: RolecallError, now: Moment): void {
    const { runtime, diagnostics } = this.#host;
    const remaining = this.#remaining(now);
    const refusal = isRefusal(error);
    const before = this.#failure;
    const count = before && isRefusal(before.error) === refusal ? before.count + 1 : 1;
    const hold = refusal
      ? holdAfterRefusal(count)
      : this.#source.rules.staticStability
        ? nextLook(remaining, runtime.random())
        : backoffAfter(count, remaining, runtime.random());
    this.#failure = { error, count, at: now, hold };
    const served = remaining > EXPIRY_MARGIN;
    if (served) this.#arm(Math.max(hold, SHORTEST_RETRY, this.#untilRefreshDue(now)));
    diagnostics.publish("refresh-failed", {
      ...this.#labels(),
      code: error.code,
      servedUntil: served ? now.wall + remaining - EXPIRY_MARGIN : undefined,
      retryIn: hold,
    });
    if (refusal) diagnostics.publish("denied", { ...this.#labels(), code: error.code, remembered: false });
  }

  /** The refresh ahead of need: for a session that is in use. The way of a request never relies on it. */
  #arm(delay: number): void {
    this.#disarm();
    if (this.#host.timer && delay !== Number.POSITIVE_INFINITY) this.#tick = this.#host.timer.set(this, delay);
  }

  #disarm(): void {
    this.#host.timer?.delete(this, this.#tick);
    this.#tick = NEVER;
  }

  /** For the timer. */
  refreshAhead(): void {
    this.#tick = NEVER;
    if (this.#usedSinceRefresh && this.#session && !this.#flight) this.#startFlight();
  }

  #wait(flight: Flight, signal: AbortSignal | undefined): Promise<SessionCredentials> {
    flight.raise();
    return new Promise((resolve, reject) => {
      const leaveWith = (error: () => RolecallError) => () => {
        leave();
        reject(error());
      };
      const leave = signal
        ? onAbort(
            signal,
            leaveWith(() => this.#abortedError(signal)),
          )
        : this.#host.runtime.schedule(
            LONGEST_WAIT,
            leaveWith(() => this.#waitedTooLongError()),
          );
      flight.promise.finally(leave).then(resolve, reject);
    });
  }

  #abortedError(signal: AbortSignal | undefined): RolecallError {
    return new RolecallError("ABORTED", "The caller's signal aborted the wait for credentials.", {
      ...this.#errorLabels(),
      cause: signal?.reason,
      hint: "Nothing is wrong with the role: other callers wait on.",
    });
  }

  #waitedTooLongError(): RolecallError {
    return new RolecallError("TIMEOUT", `No credentials within ${LONGEST_WAIT / 1000} seconds.`, {
      ...this.#errorLabels(),
      retryable: true,
      hint: "Look at the load on STS: stats() tells how many calls run and wait.",
    });
  }

  #errorLabels() {
    const { roleArn } = this.#source;
    return { step: roleArn ? "assume-role" : "base-identity", roleArn } as const;
  }
}

function isRefusal({ code }: RolecallError): boolean {
  return REFUSALS.has(code);
}
