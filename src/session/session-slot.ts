import { AsyncResource } from "node:async_hooks";
import { raceAbort } from "../abort.js";
import type { Diagnostics, SessionEvent } from "../diagnostics.js";
import { errorOfCaller, isRolecallError, type RolecallError } from "../errors.js";
import type { Link } from "../request/chain.js";
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
  type RefreshRules,
  type Replacement,
} from "./refresh-policy.js";
import type { SessionCredentials } from "./session-credentials.js";
import { abortedError, tooManyRoundsError, tooShortLivedError } from "./session-errors.js";
import type { IssuedSession, Load, PastExpiry, SessionLoader, SharedSession } from "./session-loader.js";
import { waitForLoad } from "./wait-for-load.js";

/** Shared by all slots of a cache. */
export interface SlotHost {
  readonly runtime: Runtime;
  readonly diagnostics: Diagnostics;
  readonly loader: SessionLoader;
  /** Whether a timer refreshes sessions in use before a command needs them. */
  readonly refreshAhead: boolean;
  /** Keeps the slot reachable during a load, even if the cache evicts it. */
  pin(slot: SessionSlot): void;
  unpin(slot: SessionSlot): void;
  /** Records which identity the credentials belong to. If it has changed, invalidates the sessions obtained with them. */
  noteIdentity(slot: SessionSlot, identity: string): void;
}

interface HeldSession extends Lifetime {
  readonly credentials: SessionCredentials;
  /** The age until which it is served even though it has expired. 0 for a session that is only served while valid. */
  readonly extension: number;
  /** A request at this age or later marks the session as in use. */
  readonly inUseFrom: number;
}

/** The minimum time between two attempts of the refresh timer, in milliseconds. */
const SHORTEST_RETRY = 1000;
/** How often one load may call its source, so that unusable results don't keep the process busy forever. */
const MOST_ROUNDS = 10;

/**
 * Holds the session of one key and keeps it fresh. Runs at most one load at a time. Serves every caller at once while the
 * session is valid. All state is private, because lru-cache exposes the values that it holds.
 */
export class SessionSlot {
  /** The link of the newest request. Two requests may load the same session in different ways. */
  #link: Link;
  readonly #host: SlotHost;
  #session: HeldSession | undefined;
  #failure: LastFailure | undefined;
  #flight: Flight | undefined;
  /** Whether the timer refreshes the session before it is needed. */
  #isInUse = false;
  #cancelTimer: (() => void) | undefined;
  /** Counts invalidations. A load that started before an invalidation must not restore its session. */
  #generation = 0;
  #lastSuccess: number | undefined;
  #lastReplacement: Replacement | undefined;
  #replacing: Promise<boolean> | undefined;

  constructor(link: Link, host: SlotHost) {
    this.#link = link;
    this.#host = host;
  }

  get key(): string {
    return this.#link.key;
  }

  get parentKey(): string | undefined {
    return this.#link.parent?.key;
  }

  /** Identifies the session in events. */
  get labels(): SessionEvent {
    const { step, roleArn, key } = this.#link;
    return { step, roleArn, key };
  }

  /** The next load is for this link. */
  adopt(link: Link): void {
    this.#link = link;
  }

  /**
   * Returns the session, immediately if it can be served. Rejects with the load's error, a remembered denial, `ABORTED` or
   * `TIMEOUT`. Not `async`, because every request comes through here and would pay for one more promise.
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

  /** Drops the session, so that the next caller loads a new one. Resolves when it is gone from the store as well. */
  async invalidate(): Promise<void> {
    const held = this.#session?.credentials.accessKeyId;
    this.#session = undefined;
    this.#failure = undefined;
    this.#generation++;
    this.#disarm();
    this.#host.diagnostics.publish("invalidated", this.labels);
    await this.#host.loader.deleteShared(this.#link, held);
  }

  /** Forgets a remembered denial, so that the next caller calls the source again. */
  forgetRefusal(): void {
    if (this.#failure?.isRefusal) this.#failure = undefined;
  }

  /**
   * Loads another session for a call whose session a service rejected. Until then, all other callers get the rejected
   * one, because it may still be good: perhaps only this service rejects it. For the same reason, a session that should
   * still be valid is replaced at most once a minute.
   * @param doubtful whether the evidence is weak, so that only a session older than a minute is replaced
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

  /** Stops the timer, because the cache has dropped the slot or is about to. */
  retire(): void {
    this.#disarm();
  }

  /** Aborts the load in progress for everyone who waits for it. */
  abort(reason: RolecallError): void {
    this.#flight?.abort(reason);
  }

  // --- what is held ---

  get #rules(): RefreshRules {
    return this.#host.loader.rules(this.#link);
  }

  #now(): Moment {
    const { runtime } = this.#host;
    return { wall: runtime.now(), monotonic: runtime.monotonic() };
  }

  /** Milliseconds until the session expires, by the monotonic clock. */
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

  /** Each caller gets a separate error, whose stack leads to that caller. */
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
    // A new session would be too short as well.
    if (!forceRefresh && this.#servable(now)) this.#assertLivesFor(minRemaining);
    const refusal = despiteRefusal ? undefined : this.#failure?.remembered(now);
    if (refusal) {
      diagnostics.publish("denied", { ...this.labels, code: refusal.code, remembered: true });
      throw refusal;
    }
    if (signal?.aborted) throw abortedError(this.#link, signal);
    diagnostics.publish(this.#flight ? "joined" : "miss", this.labels);
    const credentials = await this.#wait(this.#flight?.demand(demand) ?? this.#startFlight(demand), demand);
    if (this.#session?.credentials === credentials) this.#assertLivesFor(minRemaining);
    return credentials;
  }

  #assertLivesFor(minRemaining: number): void {
    const { life } = this.#session ?? { life: Number.POSITIVE_INFINITY };
    if (minRemaining > 0 && life < minRemaining) throw tooShortLivedError(this.#link, minRemaining, life);
  }

  #wait(flight: Flight, demand: SessionDemand): Promise<SessionCredentials> {
    return waitForLoad(flight, demand, this.#link, this.#host.runtime);
  }

  // --- the load ---

  #startFlight(demand = NO_DEMAND): Flight {
    const flight = new Flight(this.#session?.credentials, this.#lastSuccess).demand(demand);
    this.#flight = flight;
    this.#host.pin(this);
    flight.promise = this.#fly(flight);
    flight.promise.catch(() => {}); // a background refresh may have nobody who waits for it
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
      throw tooManyRoundsError(this.#link, MOST_ROUNDS);
    } finally {
      this.#flight = undefined;
      this.#host.unpin(this);
      // A process that ends after one command would not refresh the shared session otherwise.
      if (isShared && flight.urgent && this.#isRefreshDue(this.#now())) this.#startFlight();
    }
  }

  async #ask(flight: Flight): Promise<Load | { readonly kind: "failed"; readonly error: RolecallError }> {
    try {
      return await raceAbort(this.#host.loader.load(this.#link, flight), flight.signal);
    } catch (error) {
      if (isRolecallError(error)) return { kind: "failed", error };
      throw error;
    }
  }

  /** Drops the result of a load during which the session was invalidated. The load may have shared it already. */
  #discard(load: Load | { readonly kind: "failed" }, flight: Flight): void {
    if ("credentials" in load) void this.#host.loader.deleteShared(this.#link, load.credentials.accessKeyId);
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
      : (load.advisoryPoint ?? drawAdvisoryPoint(life, this.#rules, runtime.random()));
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
    if (flight.replaces) this.#noteReplacement(true); // here, because the rejected call may have stopped waiting
    this.#arm(Math.max(0, advisoryPoint - arrived));
    const shared = load.kind === "shared";
    diagnostics.publish("refreshed", { ...this.labels, life: life - age, background: !flight.urgent, shared });
    return load.credentials;
  }

  #noteIdentity(identity: string | undefined): void {
    if (identity !== undefined) this.#host.noteIdentity(this, identity);
  }

  /** If the held session is still valid, the load counts as failed. Otherwise, serves these until the next attempt. */
  #servePastExpiry({ credentials, error, identity }: PastExpiry): SessionCredentials {
    const now = this.#now();
    const isValid = this.#isValid(now);
    const failure = this.#noteFailure(error, now);
    if (isValid) throw error;
    this.#session = { credentials, life: 0, ...now, extension: failure.hold, advisoryPoint: 0, inUseFrom: 0 };
    this.#noteIdentity(identity);
    return credentials;
  }

  /** Another process is refreshing the session. Looks it up in a second or two. */
  #lookAgainSoon(): SessionCredentials {
    // Held: if it were not, somebody would wait, and the flight would be urgent.
    const session = this.#session as HeldSession;
    const delay = lookAgain(this.#host.runtime.random());
    this.#session = { ...session, advisoryPoint: elapsedBetween(session, this.#now()) + delay };
    this.#arm(delay);
    return session.credentials;
  }

  #noteFailure(error: RolecallError, now: Moment, isOwn = true): LastFailure {
    const { runtime, diagnostics } = this.#host;
    const rules = this.#rules;
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
    this.#lastReplacement = { at: this.#now(), hold: this.#rules.holdAfterReplacement(succeeded) };
  }

  // --- the refresh ahead of need ---

  #noteUse(now: Moment): void {
    if (this.#session && elapsedBetween(this.#session, now) >= this.#session.inUseFrom) this.#isInUse = true;
  }

  /**
   * Schedules the background refresh of a session in use. Requests never depend on it. It runs in the async context of the
   * caller who loaded the session, because another caller's context could carry another identity.
   */
  #arm(delay: number): void {
    this.#disarm();
    if (!this.#host.refreshAhead || delay === Number.POSITIVE_INFINITY) return;
    const context = new AsyncResource("rolecall refresh"); // AsyncResource.bind would take ten times the memory
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
