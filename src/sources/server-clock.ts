import { LRUCache } from "lru-cache";
import { canonicalJson } from "../request/canonical.js";
import type { StsTarget } from "../request/role-request.js";
import type { Runtime } from "../runtime.js";

const MAX_ENDPOINTS = 1000;

/**
 * AWS's time as one STS endpoint last showed it. It is held against the monotonic clock, which nobody sets. It is an
 * estimate: it may advise a refresh, and never refuses credentials.
 */
export class ServerClock {
  #seen: { readonly time: number; readonly monotonic: number } | undefined;

  /** Epoch milliseconds; `undefined` until the endpoint has shown its time. */
  now(runtime: Runtime): number | undefined {
    return this.#seen && this.#seen.time + runtime.monotonic() - this.#seen.monotonic;
  }

  /** Milliseconds by which AWS's time is ahead of the machine's wall clock. */
  offset(runtime: Runtime): number {
    const now = this.now(runtime);
    return now === undefined ? 0 : now - runtime.now();
  }

  observe(time: number, runtime: Runtime): void {
    this.#seen = { time, monotonic: runtime.monotonic() };
  }
}

/** One clock for each STS endpoint: a wrong one says nothing about the time at others. */
export class ServerClocks {
  readonly #clocks = new LRUCache<string, ServerClock>({ max: MAX_ENDPOINTS });

  of({ region, endpoint, useFipsEndpoint, useDualstackEndpoint, partition, trust }: StsTarget): ServerClock {
    const place = region ?? partition; // without a region, the partition and the machine decide where STS is asked
    const key = canonicalJson({ place, endpoint, useFipsEndpoint, useDualstackEndpoint, trust });
    const known = this.#clocks.get(key);
    if (known) return known;
    const clock = new ServerClock();
    this.#clocks.set(key, clock);
    return clock;
  }
}

/** By structure: a test runner's sandbox has a Date of its own. */
export function isValidDate(value: unknown): value is Date {
  const { getTime } = (value ?? {}) as Partial<Date>;
  return typeof getTime === "function" && !Number.isNaN((value as Date).getTime());
}
