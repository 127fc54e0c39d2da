import { AsyncResource } from "node:async_hooks";
import PQueue from "p-queue";
import type { Runtime } from "../runtime.js";
import type { Flight, Progress } from "../session/flight.js";
import { BACKGROUND, FairQueue, type QueueOptions, WAITING_CALLER, WAITING_CALLER_AGAIN } from "./fair-queue.js";
import { afterThrottling, FASTEST_ANSWER, type LearnedRate, rateAt, UNLIMITED } from "./sts-rate.js";

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
 * Limits how many calls to STS run at once and, after throttling, how many start per second. Waiting callers go before
 * background refreshes, and tenants take turns.
 */
export class StsLimiter implements Progress {
  readonly #queue: PQueue<FairQueue<Run>, QueueOptions & { signal?: AbortSignal }>;
  readonly #runtime: Pick<Runtime, "monotonic" | "sleep">;
  #rate: LearnedRate = UNLIMITED;
  /** Monotonic time before which no call starts. */
  #nextStart = Number.NEGATIVE_INFINITY;
  /** Cancels the wait for `#nextStart`. `undefined` while the queue is empty, so no timer keeps the process alive. */
  #pause: AbortController | undefined;
  /** Monotonic times of responses other than throttling: those of the last second, and the latest. */
  readonly #answers: number[] = [];
  #lastId = 0;

  constructor(maxConcurrent: number, runtime: Pick<Runtime, "monotonic" | "sleep">) {
    this.#runtime = runtime;
    const queueClass = class extends FairQueue<Run> {
      constructor() {
        super(() => runtime.monotonic());
      }
    };
    this.#queue = new PQueue({ concurrency: maxConcurrent, queueClass });
    this.#queue.on("add", () => this.#startWhenAllowed());
    this.#queue.on("next", () => this.#startWhenAllowed());
  }

  get inFlight(): number {
    return this.#queue.pending;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** When STS last sent a response other than throttling, which moved every queued call closer to its turn. */
  get progressedAt(): number {
    return this.#answers.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** Runs `task` when it reaches the front of the queue, in the async context of this call. */
  async run<T>(
    flight: Flight,
    task: () => Promise<T>,
    { line = [], signal = flight.signal, isRetry }: LimitedCall = {},
  ): Promise<T> {
    const id = String(++this.#lastId);
    const urgent = isRetry ? WAITING_CALLER_AGAIN : WAITING_CALLER;
    const leaveQueue = flight.follow(this);
    let waiting = true;
    // Without this, the queue would start the task in the previous call's context, which may be another tenant's.
    const start = AsyncResource.bind(() => {
      waiting = false;
      leaveQueue();
      flight.takeTurn();
      this.#noteStart();
      return task();
    });
    const call = this.#queue.add(() => start(), { id, line, priority: flight.urgent ? urgent : BACKGROUND, signal });
    flight.onUrgent(() => {
      if (waiting && !signal.aborted) this.#queue.setPriority(id, urgent);
    });
    try {
      return await call;
    } finally {
      leaveQueue();
    }
  }

  /** @param sentAt monotonic time, milliseconds */
  noteThrottling(sentAt: number): void {
    const now = this.#runtime.monotonic();
    const grantedInLastSecond = this.#answers.filter((time) => time > now - 1000).length;
    this.#rate = afterThrottling(this.#rate, now, { sentAt, inFlight: this.inFlight, grantedInLastSecond });
  }

  /** Records a response other than throttling or a transient failure. */
  noteAnswer(): void {
    const now = this.#runtime.monotonic();
    this.#answers.push(now);
    while ((this.#answers[0] ?? now) <= now - 1000) this.#answers.shift();
  }

  #noteStart(): void {
    const now = this.#runtime.monotonic();
    const interval = 1000 / rateAt(this.#rate, now);
    const isSlower = interval > FASTEST_ANSWER / this.#queue.concurrency; // than the concurrency limit allows
    this.#nextStart = isSlower ? now + interval : now;
    this.#startWhenAllowed();
  }

  /** Pauses the queue until the next call may start. */
  #startWhenAllowed(): void {
    const wait = this.#nextStart - this.#runtime.monotonic();
    if (wait > 0 && this.#queue.size > 0) {
      this.#queue.pause();
      this.#pause ??= this.#startAfter(wait);
      return;
    }
    this.#pause?.abort();
    this.#pause = undefined;
    this.#queue.start();
  }

  #startAfter(wait: number): AbortController {
    const pause = new AbortController();
    const resume = () => {
      this.#pause = undefined;
      this.#startWhenAllowed();
    };
    this.#runtime.sleep(wait, pause.signal).then(resume, () => {});
    return pause;
  }
}
