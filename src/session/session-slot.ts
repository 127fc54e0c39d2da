import { AsyncResource } from "node:async_hooks";
import { raceAbort } from "../abort.js";
import type { Diagnostics, SessionEvent } from "../diagnostics.js";
import { errorOfCaller, isRolecallError, type RolecallError } from "../errors.js";
import type { Runtime } from "../runtime.js";
import { Flight, NO_DEMAND, type SessionDemand } from "./flight.js";
import { LastFailure } from "./last-failure.js";
import {
  believedLife,
  certainlyElapsed,
  drawAdvisoryPoint,
  EXPIRY_MARGIN,
  elapsedBetween,
  freshnessOf,
  inUseFrom,
  type Lifetime,
  lookAgain,
  type Moment,
  mayReplace,
  nextLook,
  type Replacement,
} from "./refresh-policy.js";
import type { SessionCredentials } from "./session-credentials.js";
import { abortedError, tooManyRoundsError, tooShortLivedError } from "./session-errors.js";
import type { IssuedSession, Load, PastExpiry, SessionSource, SharedSession } from "./session-source.js";
import { waitForLoad } from "./wait-for-load.js";

/** What all slots of a cache share. */
export interface SlotHost {
  readonly runtime: Runtime;
  readonly diagnostics: Diagnostics;
  /** Whether a timer refreshes a session in use before a command asks. */
  readonly refreshAhead: boolean;
  /** Keeps the slot findable during a load, whatever the bound on sessions. */
  pin(slot: SessionSlot): void;
  unpin(slot: SessionSlot): void;
  /** Who this slot's credentials turned out to be. Invalidates what was obtained with them if that has changed. */
  noteIdentity(slot: SessionSlot, identity: string): void;
}

interface HeldSession extends Lifetime {
  readonly credentials: SessionCredentials;
  /** The age until which it is served though it has expired; 0 for a session that is served while it is valid. */
  readonly extension: number;
  /** Who asks for it at this age or later shows that it is in use. */
  readonly inUseFrom: number;
}

/** The refresh timer leaves at least this between two attempts. */
const SHORTEST_RETRY = 1000;
/** Times that one load asks its source: unusable answers must not keep the process busy for ever. */
const MOST_ROUNDS = 10;

/**
 * The session of one key through its life: at most one load at a time, and every caller who can be served is served at once.
 * All state is private, since lru-cache publishes the values that it holds.
 */
export class SessionSlot {
  /** That of the newest request: two requests may reach the same session by different sources. */
  #source: SessionSource;
  readonly #host: SlotHost;
  #session: HeldSession | undefined;
  #failure: LastFailure | undefined;
  #flight: Flight | undefined;
  /** Whether the session is refreshed ahead. */
  #isInUse = false;
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

  get parentKey(): string | undefined {
    return this.#source.parentKey;
  }

  /** Identifies the session in events. */
  get labels(): SessionEvent {
    const { step, roleArn, key } = this.#source;
    return { step, roleArn, key };
  }

  /** The next load asks this source. */
  adopt(source: SessionSource): void {
    this.#source = source;
  }

  /**
   * The session, at once if one can be served. Rejects with the load's error, a remembered refusal, `ABORTED` or
   * `TIMEOUT`. Every request comes through here, hence no `async`: it would cost each of them one more promise.
   */
  get(demand: SessionDemand): Promise<SessionCredentials> {
    const now = this.#now();
    this.#noteUse(now);
    const held = demand.forceRefresh ? undefined : this.#servable(now, demand.minRemaining);
    if (!held) return this.#join(demand, now);
    this.#host.diagnostics.publish("hit", this.labels);
    if (this.#isRefreshDue(now)) this.#startFlight();
    return Promise.resolve(held.credentials);
  }

  /** Drops the session, so that the next caller loads a new one, and waits until it is dropped wherever it is shared. */
  async invalidate(): Promise<void> {
    const held = this.#session?.credentials.accessKeyId;
    this.#session = undefined;
    this.#failure = undefined;
    this.#generation++;
    this.#disarm();
    this.#host.diagnostics.publish("invalidated", this.labels);
    await this.#source.invalidate(held);
  }

  /** The next caller asks the source again, if it refused the last time. */
  forgetRefusal(): void {
    if (this.#failure?.isRefusal) this.#failure = undefined;
  }

  /**
   * A service refused the session with this key: loads another one for the rejected call. Until it is there, everybody
   * else is served the refused one, which may be good: only this service may refuse it. So there is one load at a time,
   * and one a minute while the refused session should have lived on.
   * @param doubtful the evidence is weak: only a session older than a minute is replaced
   * @returns whether another session would sign the next request
   * @throws RolecallError the load's error
   */
  async replace(accessKeyId: string, doubtful: boolean): Promise<boolean> {
    if (this.#session?.credentials.accessKeyId !== accessKeyId) return true;
    if (!this.#replacing && mayReplace(this.#session, this.#now(), doubtful, this.#lastReplacement)) {
      this.#host.diagnostics.publish("invalidated", this.labels);
      this.#replacing = this.#loadReplacement(accessKeyId);
    }
    return this.#replacing ?? false;
  }

  isOlderThan(age: number): boolean {
    return this.#session !== undefined && elapsedBetween(this.#session, this.#now()) > age;
  }

  /** Ends the timer. The slot is out of the cache, or about to be. */
  retire(): void {
    this.#disarm();
  }

  /** Ends the load in progress for all who wait. */
  abort(reason: RolecallError): void {
    this.#flight?.abort(reason);
  }

  // --- what is held ---

  #now(): Moment {
    const { runtime } = this.#host;
    return { wall: runtime.now(), monotonic: runtime.monotonic() };
  }

  /** Milliseconds of life left, by the clock that nothing steps. */
  #remaining(now: Moment): number {
    return this.#session ? this.#session.life - certainlyElapsed(this.#session, now) : 0;
  }

  #isValid(now: Moment): boolean {
    return this.#remaining(now) > EXPIRY_MARGIN;
  }

  #servable(now: Moment, minRemaining = 0): HeldSession | undefined {
    const session = this.#session;
    if (!session) return undefined;
    if (minRemaining > 0 && session.life - elapsedBetween(session, now) < minRemaining) return undefined;
    const isExtended = elapsedBetween(session, now) < session.extension;
    return isExtended || this.#isValid(now) ? session : undefined;
  }

  #isRefreshDue(now: Moment): boolean {
    if (!this.#session || this.#flight || this.#failure?.holds(now)) return false;
    return freshnessOf(this.#session, now) !== "fresh";
  }

  // --- a caller who waits ---

  /** Every caller gets a separate error, whose stack leads to that caller. */
  async #join(demand: SessionDemand, now: Moment): Promise<SessionCredentials> {
    try {
      return await this.#joinFlight(demand, now);
    } catch (error) {
      throw errorOfCaller(error);
    }
  }

  async #joinFlight(demand: SessionDemand, now: Moment): Promise<SessionCredentials> {
    const { signal, forceRefresh, despiteRefusal = forceRefresh, minRemaining = 0 } = demand;
    const { diagnostics } = this.#host;
    // A new session would fall short as this one did.
    if (!forceRefresh && this.#servable(now)) this.#assertLivesFor(minRemaining);
    const refusal = despiteRefusal ? undefined : this.#failure?.remembered(now);
    if (refusal) {
      diagnostics.publish("denied", { ...this.labels, code: refusal.code, remembered: true });
      throw refusal;
    }
    if (signal?.aborted) throw abortedError(this.#source, signal);
    diagnostics.publish(this.#flight ? "joined" : "miss", this.labels);
    const credentials = await this.#wait(this.#flight?.demand(demand) ?? this.#startFlight(demand), demand);
    if (this.#session?.credentials === credentials) this.#assertLivesFor(minRemaining);
    return credentials;
  }

  #assertLivesFor(minRemaining: number): void {
    const { life } = this.#session ?? { life: Number.POSITIVE_INFINITY };
    if (minRemaining > 0 && life < minRemaining) throw tooShortLivedError(this.#source, minRemaining, life);
  }

  #wait(flight: Flight, demand: SessionDemand): Promise<SessionCredentials> {
    return waitForLoad(flight, demand, this.#source, this.#host.runtime);
  }

  // --- the load ---

  #startFlight(demand = NO_DEMAND): Flight {
    const flight = new Flight(this.#session?.credentials, this.#lastSuccess).demand(demand);
    this.#flight = flight;
    this.#host.pin(this);
    flight.promise = this.#fly(flight);
    flight.promise.catch(() => {}); // nobody may wait for a background refresh
    return flight;
  }

  async #fly(flight: Flight): Promise<SessionCredentials> {
    let isShared = false;
    try {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const generation = this.#generation;
        const load = await this.#ask(flight);
        if (flight.signal.aborted) throw flight.signal.reason;
        if (generation !== this.#generation) {
          this.#discard(load, flight);
          continue;
        }
        switch (load.kind) {
          case "issued":
            return this.#accept(load, flight);
          case "shared":
            isShared = flight.admits(load.credentials, load.life - load.age);
            if (isShared) return this.#accept(load, flight);
            break;
          case "elsewhere":
            if (!flight.urgent) return this.#lookAgainSoon();
            break;
          case "past-expiry":
            return this.#servePastExpiry(load);
          case "failed":
            this.#noteFailure(load.error, this.#now(), !flight.lacksParent);
            throw load.error;
        }
      }
      throw tooManyRoundsError(this.#source, MOST_ROUNDS);
    } finally {
      this.#flight = undefined;
      this.#host.unpin(this);
      // In a process that ends after one command, nobody would ask again.
      if (isShared && flight.urgent && this.#isRefreshDue(this.#now())) this.#startFlight();
    }
  }

  async #ask(flight: Flight): Promise<Load | { readonly kind: "failed"; readonly error: RolecallError }> {
    try {
      return await raceAbort(this.#source.load(flight), flight.signal);
    } catch (error) {
      if (isRolecallError(error)) return { kind: "failed", error };
      throw error;
    }
  }

  /** The session was invalidated during the load, which may have shared what it got. */
  #discard(load: Load | { readonly kind: "failed" }, flight: Flight): void {
    if ("credentials" in load) void this.#source.invalidate(load.credentials.accessKeyId);
    if (!flight.urgent) throw new Error("invalidated during the load, and nobody waits");
    flight.invalidated = true;
    flight.mustBeNew = true;
  }

  #accept(load: IssuedSession | SharedSession, flight: Flight): SessionCredentials {
    const now = this.#now();
    const { runtime, diagnostics } = this.#host;
    const age = load.kind === "shared" ? load.age : 0;
    const since = (load.kind === "issued" && load.asked) || now;
    const life = believedLife(load.life);
    const isRepeated = isSameSet(load.credentials, this.#session?.credentials);
    const advisoryPoint = isRepeated
      ? nextLook(life, runtime.random())
      : (load.advisoryPoint ?? drawAdvisoryPoint(life, this.#source.rules, runtime.random()));
    const arrived = age + elapsedBetween(since, now);
    this.#session = {
      credentials: load.credentials,
      life,
      wall: since.wall - age,
      monotonic: since.monotonic - age,
      extension: 0,
      advisoryPoint,
      inUseFrom: inUseFrom(arrived, advisoryPoint),
    };
    this.#isInUse = false;
    this.#failure = undefined;
    this.#lastSuccess = now.wall;
    if (load.kind === "issued") this.#noteIdentity(load.identity);
    if (flight.replaces) this.#noteReplacement(true); // the rejected call may have stopped waiting
    this.#arm(Math.max(0, advisoryPoint - arrived));
    const shared = load.kind === "shared";
    diagnostics.publish("refreshed", { ...this.labels, life: life - age, background: !flight.urgent, shared });
    return load.credentials;
  }

  #noteIdentity(identity: string | undefined): void {
    if (identity !== undefined) this.#host.noteIdentity(this, identity);
  }

  /** Valid credentials outlive the failure. Without any, these are served until the source is asked again. */
  #servePastExpiry({ credentials, error, identity }: PastExpiry): SessionCredentials {
    const now = this.#now();
    const isValid = this.#isValid(now);
    const failure = this.#noteFailure(error, now);
    if (isValid) throw error;
    this.#session = { credentials, life: 0, ...now, extension: failure.hold, advisoryPoint: 0, inUseFrom: 0 };
    this.#noteIdentity(identity);
    return credentials;
  }

  /** Another process refreshes: its session is looked up in a second or two. */
  #lookAgainSoon(): SessionCredentials {
    const session = this.#session as HeldSession; // without one somebody would wait, and the flight would be urgent
    const delay = lookAgain(this.#host.runtime.random());
    this.#session = { ...session, advisoryPoint: elapsedBetween(session, this.#now()) + delay };
    this.#arm(delay);
    return session.credentials;
  }

  #noteFailure(error: RolecallError, now: Moment, isOwn = true): LastFailure {
    const { runtime, diagnostics } = this.#host;
    const { rules } = this.#source;
    const remaining = this.#remaining(now);
    const failure = new LastFailure(error, this.#failure, { now, remaining, random: runtime.random(), rules, isOwn });
    this.#failure = failure;
    const isServed = this.#isValid(now);
    if (this.#session && isServed) {
      const untilDue = this.#session.advisoryPoint - elapsedBetween(this.#session, now);
      this.#arm(Math.max(failure.hold, SHORTEST_RETRY, untilDue));
    }
    const { code } = error;
    diagnostics.publish("refresh-failed", {
      ...this.labels,
      code,
      servedUntil: isServed ? now.wall + remaining - EXPIRY_MARGIN : undefined,
      retryIn: failure.hold,
    });
    if (failure.isRefusal) diagnostics.publish("denied", { ...this.labels, code, remembered: false });
    return failure;
  }

  // --- replacement of a session that a service refused ---

  async #loadReplacement(accessKeyId: string): Promise<boolean> {
    const flight = this.#flight ?? this.#startFlight();
    flight.replaces = true;
    try {
      const another = await this.#wait(flight, NO_DEMAND);
      return another.accessKeyId !== accessKeyId;
    } finally {
      if (this.#session?.credentials.accessKeyId === accessKeyId) this.#noteReplacement(false);
      this.#replacing = undefined;
    }
  }

  #noteReplacement(succeeded: boolean): void {
    this.#lastReplacement = { at: this.#now(), hold: this.#source.rules.holdAfterReplacement(succeeded) };
  }

  // --- the refresh ahead of need ---

  #noteUse(now: Moment): void {
    if (this.#session && elapsedBetween(this.#session, now) >= this.#session.inUseFrom) this.#isInUse = true;
  }

  /**
   * Schedules the background refresh of a session in use; requests never depend on it. It runs in the async context of
   * the caller whose load brought the session: another key's context could act as somebody else.
   */
  #arm(delay: number): void {
    this.#disarm();
    if (!this.#host.refreshAhead || delay === Number.POSITIVE_INFINITY) return;
    const context = new AsyncResource("rolecall refresh"); // takes a tenth of the memory of what AsyncResource.bind makes
    const refresh = context.runInAsyncScope.bind(context, this.#refreshAhead, this);
    this.#cancelTimer = this.#host.runtime.schedule(delay, refresh);
  }

  #refreshAhead(): void {
    this.#cancelTimer = undefined;
    if (this.#isInUse && this.#session && !this.#flight) this.#startFlight();
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

function isSameSet(one: SessionCredentials, other: SessionCredentials | undefined): boolean {
  return one.accessKeyId === other?.accessKeyId && one.expiration?.getTime() === other.expiration?.getTime();
}
