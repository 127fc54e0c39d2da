import { AsyncResource } from "node:async_hooks";
import PQueue from "p-queue";
import type { Flight } from "../session/flight.js";
import { BACKGROUND, FairQueue, type QueueOptions, WAITING_CALLER, WAITING_CALLER_AGAIN } from "./fair-queue.js";

/** Successful calls before the concurrency rises by one. */
const SUCCESSES_PER_STEP = 10;

type Run = () => Promise<unknown>;

export interface LimitedCall {
  /** The groups that the call belongs to, the widest first. The members of a group take turns. Default: no group. */
  readonly line?: readonly string[];
  /** Removes the call from the queue. Default: the flight's signal. */
  readonly signal?: AbortSignal;
  /** Whether an earlier attempt of the same call failed. Default `false`. */
  readonly isRetry?: boolean;
}

/**
 * Limits the concurrent calls to STS. Waiting callers go before background refreshes, and tenants take turns. Throttling
 * halves the concurrency, and successful calls restore it step by step.
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

  /** Runs `task` when it reaches the front of the queue, in the async context of this call. */
  run<T>(
    flight: Flight,
    task: () => Promise<T>,
    { line = [], signal = flight.signal, isRetry }: LimitedCall = {},
  ): Promise<T> {
    const id = String(++this.#lastId);
    const urgent = isRetry ? WAITING_CALLER_AGAIN : WAITING_CALLER;
    let waiting = true;
    // Without it, the queue would start the task in the context of the previous call, which may be another tenant's.
    const start = AsyncResource.bind(() => {
      waiting = false;
      flight.takeTurn();
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
