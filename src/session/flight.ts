import { AsyncResource } from "node:async_hooks";
import type { SessionCredentials } from "./session-credentials.js";

/** What one caller requires of a session. Every key is an own property, so that none is read from `Object.prototype`. */
export interface SessionDemand {
  /** Stops this caller's wait, and nobody else's. */
  readonly signal: AbortSignal | undefined;
  /** Calls the source even if the session is fresh. */
  readonly forceRefresh: boolean | undefined;
  /** The minimum time to the expiration, in milliseconds. A session with less time left is refreshed first. */
  readonly minRemaining: number | undefined;
  /** Calls the source even if a denial is remembered. A valid session is still served. */
  readonly despiteRefusal: boolean | undefined;
  /** Called when the load leaves the queue of STS calls. */
  readonly onTurn: (() => void) | undefined;
  /** The load that waits for this session. Progress here counts as its progress. */
  readonly waitingLoad: Flight | undefined;
}

export const NO_DEMAND: SessionDemand = Object.freeze({
  signal: undefined,
  forceRefresh: undefined,
  minRemaining: undefined,
  despiteRefusal: undefined,
  onTurn: undefined,
  waitingLoad: undefined,
});

/** Something that a load waits for: the queue of STS calls, or another load. */
export interface Progress {
  /** The monotonic time of the last progress, in milliseconds. `-Infinity` if there was none yet. */
  readonly progressedAt: number;
}

/** How long a caller without a signal waits for a load that makes no progress, in milliseconds. */
export const LONGEST_WAIT = 60_000;

/**
 * How long a caller without a signal waits. While the load is in the queue, each response of STS to another call extends
 * the wait, because the queue has moved. A load in another process, or a stuck queue, makes no progress.
 * @param since when the caller started to wait; all times are monotonic, in milliseconds
 */
export function waitsUntil({ progressedAt }: Progress, since: number): number {
  return Math.max(since, progressedAt) + LONGEST_WAIT;
}

/** One load in progress, shared by all callers who wait for it. */
export class Flight implements Progress {
  readonly #controller = new AbortController();
  #onUrgent: (() => void) | undefined;
  #hasTurn = false;
  readonly #onTurn: (() => void)[] = [];
  #followed: Progress | undefined;
  #lastProgress = Number.NEGATIVE_INFINITY;
  /** Whether a caller waits; `false` for a background refresh. */
  urgent = false;
  /** Only a session that is issued from now on is acceptable. */
  mustBeNew = false;
  /** The key was invalidated during the load. The session from before must not be served again. */
  invalidated = false;
  /** Ignores remembered denials of the parents. */
  despiteRefusal = false;
  /** The parent's session could not be loaded. The parent's slot remembers why. */
  lacksParent = false;
  /** The session replaces one that a service rejected. */
  replaces = false;
  /** The minimum time to the expiration, in milliseconds. */
  minRemaining = 0;
  promise!: Promise<SessionCredentials>;

  constructor(
    /** The current credentials. A source must not return them as new. */
    readonly held?: SessionCredentials,
    /** When this key's source last returned a session, in epoch milliseconds. */
    readonly lastSuccess?: number,
  ) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Marks that a caller waits. The listener then moves the load forward in its queue. */
  raise(): this {
    if (!this.urgent) {
      this.urgent = true;
      this.#onUrgent?.();
    }
    return this;
  }

  /** The load has left the queue of STS calls. */
  takeTurn(): void {
    this.#hasTurn = true;
    for (const listener of this.#onTurn.splice(0)) queueMicrotask(listener); // its errors must not fail the load
  }

  #whenTurn(listener: () => void): void {
    if (this.#hasTurn) queueMicrotask(listener);
    else this.#onTurn.push(listener);
  }

  onUrgent(listener: () => void): void {
    this.#onUrgent = listener;
  }

  /** Counts the progress of `progress` as this load's, until the returned function is called. */
  follow(progress: Progress): () => void {
    this.#followed = progress;
    return () => {
      if (this.#followed !== progress) return;
      this.#lastProgress = this.progressedAt;
      this.#followed = undefined;
    };
  }

  get progressedAt(): number {
    return Math.max(this.#lastProgress, this.#followed?.progressedAt ?? Number.NEGATIVE_INFINITY);
  }

  /** Adds the requirements of one more caller. */
  demand({ forceRefresh = false, despiteRefusal = forceRefresh, minRemaining = 0, onTurn }: SessionDemand): this {
    if (onTurn) this.#whenTurn(AsyncResource.bind(onTurn)); // keeps the caller's async context
    this.mustBeNew ||= forceRefresh;
    this.despiteRefusal ||= despiteRefusal;
    this.minRemaining = Math.max(this.minRemaining, minRemaining);
    return this;
  }

  /** Whether a session from another process is acceptable to everyone who waits. */
  admits({ accessKeyId }: SessionCredentials, remaining: number): boolean {
    return !this.mustBeNew && accessKeyId !== this.held?.accessKeyId && remaining >= this.minRemaining;
  }
}
