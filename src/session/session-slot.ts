import { AsyncResource } from "node:async_hooks";
import { onAbort, raceAbort } from "../abort.js";
import type { Diagnostics } from "../diagnostics.js";
import { errorOfCaller, isRolecallError, type RolecallError, type RolecallErrorCode } from "../errors.js";
import type { Runtime } from "../runtime.js";
import {
  backoffAfter,
  believedLife,
  certainlyElapsed,
  drawAdvisoryPoint,
  EXPIRY_MARGIN,
  elapsedBetween,
  freshnessOf,
  holdAfterRefusal,
  holdAfterReplacement,
  type Lifetime,
  lookAgain,
  type Moment,
  nextLook,
} from "./refresh-policy.js";
import type { SessionCredentials } from "./session-credentials.js";
import { abortedError, tooManyRoundsError, tooShortLivedError, waitedTooLongError } from "./session-errors.js";
import { Flight, type LoadedSession, NO_WISH, type SessionSource, type SessionWish } from "./session-source.js";

/** What all slots of a cache share. */
export interface SlotHost {
  readonly runtime: Runtime;
  readonly diagnostics: Diagnostics;
  /** Whether a timer refreshes a session that is in use before a command asks. */
  readonly refreshAhead: boolean;
  /** Keeps the slot findable while a load is under way, whatever the bound on sessions says. */
  pin(slot: SessionSlot): void;
  unpin(slot: SessionSlot): void;
}

interface HeldSession extends Lifetime {
  readonly credentials: SessionCredentials;
}

interface Failure {
  readonly error: RolecallError;
  readonly count: number;
  readonly at: Moment;
  /** The source is not asked again before. */
  readonly hold: number;
}

/** A session that services refuse is loaded anew, though by all that is known it lives on. */
interface Replacement {
  readonly at: Moment;
  /** The next one is not tried before. */
  readonly hold: number;
}

/** Once a session has been served this long, a doubtful rejection by a service may be the session's fault. */
const DOUBT_AFTER = 60_000;
/** A caller without a signal of its own waits no longer than this. */
const LONGEST_WAIT = 60_000;
/** The refresh timer leaves at least this between two tries. */
const SHORTEST_RETRY = 1000;
/** Times that one load asks its source: answers that cannot be used must not keep the process busy for ever. */
const MOST_ROUNDS = 10;

const REFUSALS: ReadonlySet<RolecallErrorCode> = new Set([
  "ASSUME_ROLE_DENIED",
  "ASSUME_ROLE_INVALID",
  "REGION_DISABLED",
  "BASE_IDENTITY_REJECTED",
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
  #cancelTimer: (() => void) | undefined;
  /** Counts invalidations: a load that began before one must not bring its session back. */
  #generation = 0;
  #lastSuccess: number | undefined;
  #lastReplacement: Replacement | undefined;
  #replacing: Promise<boolean> | undefined;

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
    const { minRemaining = 0 } = wish;
    const held = wish.forceRefresh ? undefined : this.#servable(now, minRemaining);
    if (!held) return this.#load(wish, now);
    this.#host.diagnostics.publish("hit", this.#labels());
    if (this.#isRefreshDue(now)) this.#startFlight();
    return Promise.resolve(held.credentials);
  }

  /** Every caller gets an error of its own, whose stack leads to that caller. */
  async #load(wish: SessionWish, now: Moment) {
    try {
      return await this.#loadOrFail(wish, now);
    } catch (error) {
      throw errorOfCaller(error);
    }
  }

  async #loadOrFail(wish: SessionWish, now: Moment) {
    const { signal, forceRefresh, despiteRefusal = forceRefresh, minRemaining = 0 } = wish;
    const { diagnostics } = this.#host;
    // A new session would fall short as this one did.
    if (!forceRefresh && this.#session && this.#servable(now, 0)) this.#assertLivesFor(minRemaining);
    const refusal = despiteRefusal ? undefined : this.#rememberedRefusal(now);
    if (refusal) {
      diagnostics.publish("denied", { ...this.#labels(), code: refusal.code, remembered: true });
      throw refusal;
    }
    if (signal?.aborted) throw abortedError(this.#source, signal);
    diagnostics.publish(this.#flight ? "joined" : "miss", this.#labels());
    const credentials = await this.#wait(this.#flight?.demand(wish) ?? this.#startFlight(wish), signal);
    if (this.#session?.credentials === credentials) this.#assertLivesFor(minRemaining);
    return credentials;
  }

  #assertLivesFor(minRemaining: number): void {
    const { life } = this.#session ?? { life: Number.POSITIVE_INFINITY };
    if (minRemaining > 0 && life < minRemaining) throw tooShortLivedError(this.#source, minRemaining, life);
  }

  /** Drops whatever is held, so that the next caller loads anew, and waits until it is dropped wherever it is shared. */
  async drop(): Promise<void> {
    const held = this.#session?.credentials.accessKeyId;
    this.#session = undefined;
    this.#failure = undefined;
    this.#generation++;
    this.#disarm();
    this.#host.diagnostics.publish("invalidated", this.#labels());
    await this.#source.forget?.(held);
  }

  /**
   * A service refused the session with this key: loads another one for the call that was refused. Until that is there,
   * everybody else is served the refused one, which may be good: the service may be the only one that refuses it. So
   * one is loaded at a time, and one a minute while the refused one should have lived on.
   * @param doubtful the evidence is weak: only a session older than a minute is replaced
   * @returns whether another session would sign the next request
   * @throws RolecallError the load's error
   */
  async replace(source: SessionSource, accessKeyId: string, doubtful: boolean): Promise<boolean> {
    if (this.#session?.credentials.accessKeyId !== accessKeyId) return true;
    this.#source = source;
    if (!this.#replacing && this.#mayReplace(this.#session, doubtful)) {
      this.#host.diagnostics.publish("invalidated", this.#labels());
      this.#replacing = this.#loadReplacement(accessKeyId);
    }
    return this.#replacing ?? false;
  }

  #mayReplace(session: HeldSession, doubtful: boolean): boolean {
    const now = this.#now();
    if (doubtful && elapsedBetween(session, now) <= DOUBT_AFTER) return false;
    if (!doubtful && freshnessOf(session, now) !== "fresh") return true;
    const { at, hold } = this.#lastReplacement ?? { at: now, hold: 0 };
    return elapsedBetween(at, now) >= hold;
  }

  async #loadReplacement(accessKeyId: string): Promise<boolean> {
    const flight = this.#flight ?? this.#startFlight();
    flight.replaces = true;
    try {
      const another = await this.#wait(flight, undefined);
      return another.accessKeyId !== accessKeyId;
    } finally {
      if (this.#session?.credentials.accessKeyId === accessKeyId) this.#noteReplacement(false);
      this.#replacing = undefined;
    }
  }

  #noteReplacement(succeeded: boolean): void {
    this.#lastReplacement = { at: this.#now(), hold: holdAfterReplacement(succeeded) };
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

  /** By the clock that nothing steps: what it calls expired has expired. */
  #remaining(now: Moment): number {
    return this.#session ? this.#session.life - certainlyElapsed(this.#session, now) : 0;
  }

  #servable(now: Moment, minRemaining: number): HeldSession | undefined {
    const session = this.#session;
    if (!session) return undefined;
    if (minRemaining > 0 && session.life - elapsedBetween(session, now) < minRemaining) return undefined;
    if (this.#remaining(now) > EXPIRY_MARGIN) return session;
    const extended = this.#source.rules.staticStability && minRemaining === 0 && this.#isHeldOff(now);
    return extended ? session : undefined;
  }

  #isRefreshDue(now: Moment): boolean {
    const session = this.#session;
    if (!session || this.#flight || this.#isHeldOff(now)) return false;
    return freshnessOf(session, now) !== "fresh";
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

  #startFlight(wish = NO_WISH): Flight {
    const { accessKeyId, expiration } = this.#session?.credentials ?? {};
    const flight = new Flight(this.#lastSuccess, accessKeyId, expiration).demand(wish);
    this.#flight = flight;
    this.#host.pin(this);
    flight.promise = this.#fly(flight);
    flight.promise.catch(() => {}); // a refresh in the background may have nobody who waits for it
    return flight;
  }

  async #fly(flight: Flight): Promise<SessionCredentials> {
    let shared = false;
    try {
      for (let round = 0; round < MOST_ROUNDS; round++) {
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
      throw tooManyRoundsError(this.#source, MOST_ROUNDS);
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
    if (!isRolecallError(outcome) && !outcome.expired) return this.#accept(outcome, flight, now);
    const isValid = this.#remaining(now) > EXPIRY_MARGIN;
    const error = isRolecallError(outcome) ? outcome : (outcome.expired as RolecallError);
    this.#noteFailure(error, now);
    if (!isRolecallError(outcome) && !isValid) return this.#hold(outcome, now).credentials;
    if (this.#source.rules.staticStability && this.#session && !isValid) return this.#session.credentials;
    throw error;
  }

  #accept(loaded: LoadedSession, flight: Flight, now: Moment): SessionCredentials {
    const session = this.#hold(loaded, now);
    this.#failure = undefined;
    this.#lastSuccess = now.wall;
    if (flight.replaces) this.#noteReplacement(true); // the refused call may have stopped waiting
    this.#usedSinceRefresh = false;
    this.#arm(Math.max(0, this.#untilRefreshDue(now)));
    this.#host.diagnostics.publish("refreshed", {
      ...this.#labels(),
      life: session.life - (loaded.age ?? 0),
      background: !flight.urgent,
      shared: loaded.age !== undefined,
    });
    return session.credentials;
  }

  #hold({ credentials, asked, age = 0, advisoryPoint, ...loaded }: LoadedSession, now: Moment): HeldSession {
    const { runtime } = this.#host;
    const life = believedLife(loaded.life);
    const repeated =
      credentials.accessKeyId === this.#session?.credentials.accessKeyId &&
      credentials.expiration?.getTime() === this.#session.credentials.expiration?.getTime();
    const since = asked ?? now;
    this.#session = {
      credentials,
      life,
      wall: since.wall - age,
      monotonic: since.monotonic - age,
      advisoryPoint: repeated
        ? nextLook(life, runtime.random())
        : (advisoryPoint ?? drawAdvisoryPoint(life, this.#source.rules, runtime.random())),
    };
    return this.#session;
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

  /**
   * Schedules the refresh ahead of need of a session that is in use; requests never depend on it. It runs in the async
   * context of the caller whose load brought the session: that of another key could act as somebody else.
   */
  #arm(delay: number): void {
    this.#disarm();
    if (!this.#host.refreshAhead || delay === Number.POSITIVE_INFINITY) return;
    const refresh = () => {
      this.#cancelTimer = undefined;
      if (this.#usedSinceRefresh && this.#session && !this.#flight) this.#startFlight();
    };
    this.#cancelTimer = this.#host.runtime.schedule(delay, AsyncResource.bind(refresh));
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
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
            leaveWith(() => abortedError(this.#source, signal)),
          )
        : this.#host.runtime.schedule(
            LONGEST_WAIT,
            leaveWith(() => waitedTooLongError(this.#source, LONGEST_WAIT)),
          );
      flight.promise.finally(leave).then(resolve, reject);
    });
  }
}

function isRefusal({ code }: RolecallError): boolean {
  return REFUSALS.has(code);
}
