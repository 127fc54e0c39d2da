import PQueue from "p-queue";
import type { Flight } from "../session/session-source.js";

/** So many calls have to succeed before one more runs at a time. */
const SUCCESSES_PER_STEP = 10;
/** Its deadline has begun: it does not stand in line again behind those whose has not. */
const WAITING_CALLER_AGAIN = 2;
const WAITING_CALLER = 1;
const BACKGROUND = 0;

export interface LimitedCall {
  /** Takes the call out of the queue. Default: the flight's. */
  readonly signal?: AbortSignal;
  /** The same call has been through once, and failed. Default `false`. */
  readonly isRetry?: boolean;
}

/**
 * The gate in front of STS: so many calls at a time, callers who wait before refreshes in the background. Throttling
 * halves the number, and success brings it back.
 */
export class StsLimiter {
  readonly #queue: PQueue;
  readonly #maxConcurrent: number;
  #successes = 0;
  #lastId = 0;

  constructor(maxConcurrent: number) {
    this.#maxConcurrent = maxConcurrent;
    this.#queue = new PQueue({ concurrency: maxConcurrent });
  }

  get inFlight(): number {
    return this.#queue.pending;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get concurrency(): number {
    return this.#queue.concurrency;
  }

  run<T>(flight: Flight, task: () => Promise<T>, { signal = flight.signal, isRetry }: LimitedCall = {}): Promise<T> {
    const id = String(++this.#lastId);
    const urgent = isRetry ? WAITING_CALLER_AGAIN : WAITING_CALLER;
    let waiting = true;
    const call = this.#queue.add(
      () => {
        waiting = false;
        return task();
      },
      { id, priority: flight.urgent ? urgent : BACKGROUND, signal },
    );
    flight.onUrgent(() => {
      if (waiting && !signal.aborted) this.#queue.setPriority(id, urgent);
    });
    return call;
  }

  noteThrottling(): void {
    this.#successes = 0;
    this.#queue.concurrency = Math.max(1, Math.floor(this.#queue.concurrency / 2));
  }

  noteSuccess(): void {
    if (this.#queue.concurrency >= this.#maxConcurrent) return;
    if (++this.#successes < SUCCESSES_PER_STEP) return;
    this.#successes = 0;
    this.#queue.concurrency++;
  }
}
