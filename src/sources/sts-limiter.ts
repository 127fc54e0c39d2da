import PQueue from "p-queue";
import type { Flight } from "../session/session-source.js";

/** So many calls have to succeed before one more runs at a time. */
const SUCCESSES_PER_STEP = 10;
const WAITING_CALLER = 1;
const BACKGROUND = 0;

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

  run<T>(flight: Flight, task: () => Promise<T>, signal = flight.signal): Promise<T> {
    const id = String(++this.#lastId);
    let waiting = true;
    const call = this.#queue.add(
      () => {
        waiting = false;
        return task();
      },
      { id, priority: flight.urgent ? WAITING_CALLER : BACKGROUND, signal },
    );
    flight.onUrgent(() => {
      if (waiting && !signal.aborted) this.#queue.setPriority(id, WAITING_CALLER);
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
