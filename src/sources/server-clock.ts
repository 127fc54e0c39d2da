import type { Runtime } from "../runtime.js";

/**
 * AWS's time as last seen in an answer of STS, from endpoints whose certificates are checked. Until there is one, the
 * machine's own clock is believed.
 */
export class ServerClock {
  #offset = 0;

  /** Milliseconds by which AWS's time is ahead of the machine's. */
  get offset(): number {
    return this.#offset;
  }

  now(runtime: Runtime): number {
    return runtime.now() + this.#offset;
  }

  /** @param date the `Date` header of an answer that has just come */
  observe(date: string | undefined, runtime: Runtime): void {
    const time = date === undefined ? Number.NaN : Date.parse(date);
    if (!Number.isNaN(time)) this.#offset = time - runtime.now();
  }
}

/** By structure: a test runner's sandbox has a Date of its own. */
export function isValidDate(value: unknown): value is Date {
  const { getTime } = (value ?? {}) as Partial<Date>;
  return typeof getTime === "function" && !Number.isNaN((value as Date).getTime());
}
