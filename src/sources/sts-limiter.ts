import { AsyncResource } from "node:async_hooks";
import PQueue from "p-queue";
import type { Flight } from "../session/flight.js";
import { BACKGROUND, FairQueue, type QueueOptions, WAITING_CALLER, WAITING_CALLER_AGAIN } from "./fair-queue.js";

/** So many calls have to succeed before one more runs at a time. */
const SUCCESSES_PER_STEP = 10;

type Run = () => Promise<unknown>;

export interface LimitedCall {
  /** Whose call it is, the widest group first: the members of a group take turns. Default: no one's in particular. */
  readonly line?: readonly string[];
  /** Takes the call out of the queue. Default: the flight's. */
  readonly signal?: AbortSignal;
  /** The same call has been through once, and failed. Default `false`. */
  readonly isRetry?: boolean;
}

/**
 * The gate in front of STS: so many calls at a time, callers who wait before refreshes in the background, and tenants in
 * turns. Throttling halves the number, and success brings it back.
 */
export class StsLimiter {
  readonly #queue: PQueue<FairQueue<Run>, QueueOptions & { signal?: AbortSignal }>;
  readonly #maxConcurrent: number;
  #successes = 0;
  #lastId = 0;

  /** @param now the monotonic clock, milliseconds */
  constructor(maxConcurrent: number, now: () => number) {
    this.#maxConcurrent = maxConcurrent;
    const queueClass = class extends FairQueue<Run> {
      constructor() {
        super(now);
      }
    };
    this.#queue = new PQueue({ concurrency: maxConcurrent, queueClass });
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

  /** Runs `task` when its turn comes, in the async context of this call. */
  run<T>(
    flight: Flight,
    task: () => Promise<T>,
    { line = [], signal = flight.signal, isRetry }: LimitedCall = {},
  ): Promise<T> {
    const id = String(++this.#lastId);
    const urgent = isRetry ? WAITING_CALLER_AGAIN : WAITING_CALLER;
    let waiting = true;
    // The queue starts a task from within the call that ended before, which may be another tenant's.
    const start = AsyncResource.bind(() => {
      waiting = false;
      return task();
    });
    const call = this.#queue.add(() => start(), { id, line, priority: flight.urgent ? urgent : BACKGROUND, signal });
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
