import { AsyncResource } from "node:async_hooks";
import type { SessionCredentials } from "./session-credentials.js";

/** What one caller asks of a session. Every key is an own one: an absent key would be read from `Object.prototype`. */
export interface SessionDemand {
  /** Ends this caller's wait, at once and alone. */
  readonly signal: AbortSignal | undefined;
  /** Asks the source even if the session is fresh. */
  readonly forceRefresh: boolean | undefined;
  /** Milliseconds that the session must still live; one with less is replaced first. */
  readonly minRemaining: number | undefined;
  /** Asks the source even if a refusal is remembered. A session that is held is served all the same. */
  readonly despiteRefusal: boolean | undefined;
  /** Called when the load leaves the queue of calls to STS. */
  readonly onTurn: (() => void) | undefined;
  /** The load that needs the session: the progress of the session's load is its own. */
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

/** What loads wait for: the queue in front of STS, or another load. */
export interface Progress {
  /** Monotonic time of the last progress, milliseconds; `-Infinity` before the first. */
  readonly progressedAt: number;
}

/** A caller without a signal waits no longer than this for a load that makes no progress. */
export const LONGEST_WAIT = 60_000;

/**
 * Until when a caller without a signal waits. Each answer of STS to another call puts the end off while the load waits
 * in the queue: its own turn comes closer. A load elsewhere, or a queue that stands still, makes no progress.
 * @param since when the caller came; all times are monotonic, in milliseconds
 */
export function waitsUntil({ progressedAt }: Progress, since: number): number {
  return Math.max(since, progressedAt) + LONGEST_WAIT;
}

/** One load in progress, shared by all who wait for it. */
export class Flight implements Progress {
  readonly #controller = new AbortController();
  #onUrgent: (() => void) | undefined;
  #hasTurn = false;
  readonly #onTurn: (() => void)[] = [];
  #followed: Progress | undefined;
  #lastProgress = Number.NEGATIVE_INFINITY;
  /** Whether a caller waits; `false` for a background refresh. */
  urgent = false;
  /** Only a session issued from now on will do. */
  mustBeNew = false;
  /** The key was invalidated during the load: what was held then is not to be served again. */
  invalidated = false;
  /** A remembered refusal of an identity that the session is obtained with does not count. */
  despiteRefusal = false;
  /** The identity that the session is obtained with could not be had. Its own slot remembers why. */
  lacksParent = false;
  /** Its session replaces one that a service refused. */
  replaces = false;
  /** Milliseconds that the session must still live. */
  minRemaining = 0;
  promise!: Promise<SessionCredentials>;

  constructor(
    /** The credentials held now: a source must not return them as new. */
    readonly held?: SessionCredentials,
    /** When this key's source last returned a session, epoch milliseconds. */
    readonly lastSuccess?: number,
  ) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** A caller waits from now on: the listener moves the load forward in its queue. */
  raise(): this {
    if (!this.urgent) {
      this.urgent = true;
      this.#onUrgent?.();
    }
    return this;
  }

  /** The load has left the queue of calls to STS. */
  takeTurn(): void {
    this.#hasTurn = true;
    for (const listener of this.#onTurn.splice(0)) queueMicrotask(listener); // an error it throws is not the load's
  }

  #whenTurn(listener: () => void): void {
    if (this.#hasTurn) queueMicrotask(listener);
    else this.#onTurn.push(listener);
  }

  onUrgent(listener: () => void): void {
    this.#onUrgent = listener;
  }

  /** The progress of what the load waits for is its own, until the returned function is called. */
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

  /** Adds what one more caller asks of the load. */
  demand({ forceRefresh = false, despiteRefusal = forceRefresh, minRemaining = 0, onTurn }: SessionDemand): this {
    if (onTurn) this.#whenTurn(AsyncResource.bind(onTurn)); // it runs as the caller who gave it
    this.mustBeNew ||= forceRefresh;
    this.despiteRefusal ||= despiteRefusal;
    this.minRemaining = Math.max(this.minRemaining, minRemaining);
    return this;
  }

  /** Whether a session from another process will do for all who wait. */
  admits({ accessKeyId }: SessionCredentials, remaining: number): boolean {
    return !this.mustBeNew && accessKeyId !== this.held?.accessKeyId && remaining >= this.minRemaining;
  }
}
