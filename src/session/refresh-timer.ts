import type { Runtime } from "../runtime.js";

/** Milliseconds. Sessions that are due in the same second share a place. */
const TICK = 1000;

export interface Refreshable {
  refreshAhead(): void;
}

/** One timer for the refreshes of all sessions: ten thousand of Node's own would take 3.6 MB. */
export class RefreshTimer {
  readonly #runtime: Runtime;
  readonly #due = new Map<number, Set<Refreshable>>();
  #firesAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Calls `refreshAhead` after `delay` milliseconds, and up to a second later. @returns the tick, to take it back by */
  set(session: Refreshable, delay: number): number {
    const tick = Math.ceil((this.#runtime.monotonic() + delay) / TICK);
    const sessions = this.#due.get(tick);
    if (sessions) sessions.add(session);
    else this.#due.set(tick, new Set([session]));
    if (tick < this.#firesAt) this.#schedule(tick);
    return tick;
  }

  delete(session: Refreshable, tick: number): void {
    const sessions = this.#due.get(tick);
    if (!sessions?.delete(session) || sessions.size > 0) return;
    this.#due.delete(tick);
    if (this.#due.size === 0) this.#stop();
  }

  #schedule(tick: number): void {
    this.#stop();
    this.#firesAt = tick;
    this.#cancel = this.#runtime.schedule(tick * TICK - this.#runtime.monotonic(), () => this.#fire());
  }

  #stop(): void {
    this.#cancel?.();
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = this.#runtime.monotonic() / TICK;
    for (const [tick, sessions] of this.#due) {
      if (tick > now) continue;
      this.#due.delete(tick);
      for (const session of sessions) session.refreshAhead();
    }
    if (this.#due.size > 0) this.#schedule(Math.min(...this.#due.keys()));
  }
}
