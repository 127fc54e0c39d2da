import { boundedCache } from "../bounded-cache.js";
import { canonicalJson } from "../request/canonical.js";
import type { StsTarget } from "../request/chain.js";
import type { Runtime } from "../runtime.js";

/**
 * An estimate of AWS's time at one STS endpoint. It can trigger a refresh, but is never the only reason to reject
 * credentials.
 */
export class ServerClock {
  #seen: { readonly time: number; readonly monotonic: number } | undefined;

  /** Epoch milliseconds; `undefined` before the first response. Uses the monotonic clock, because nobody can set it. */
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

/** One clock for each STS endpoint, because one endpoint's wrong time must not affect the others. */
export class ServerClocks {
  readonly #clocks = boundedCache<ServerClock>(1000);

  of({ region, endpoint, useFipsEndpoint, useDualstackEndpoint, partition, trust }: StsTarget): ServerClock {
    const place = region ?? partition; // without a region, the partition and the machine determine the endpoint
    const key = canonicalJson({ place, endpoint, useFipsEndpoint, useDualstackEndpoint, trust });
    const known = this.#clocks.get(key);
    if (known) return known;
    const clock = new ServerClock();
    this.#clocks.set(key, clock);
    return clock;
  }
}

/** Checks the shape instead of the class, because a test runner's sandbox has its own `Date`. */
export function isValidDate(value: unknown): value is Date {
  const { getTime } = (value ?? {}) as Partial<Date>;
  return typeof getTime === "function" && !Number.isNaN((value as Date).getTime());
}
