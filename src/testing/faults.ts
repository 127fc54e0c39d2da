import { AwsError, throttlingError, usualCode } from "./aws-error.js";
import { type Answer, type Exchange, matchesFilter, type PatchCredentials, type RequestFilter } from "./exchange.js";
import { shown } from "./read-options.js";

/** The effect of a fault on a response. */
export type FaultEffect =
  /**
   * Replaces the response with an error in the protocol of the called service. Default for `code`: the code that AWS
   * usually sends with the status. Header names are case-insensitive: `{ "retry-after": "2" }`.
   */
  | { kind?: "status"; status: number; code?: string; message?: string; headers?: Record<string, string> }
  /**
   * Throttles requests over a rate, by the server's clock. Allows `burst` requests at once after a pause, then
   * `ratePerSecond`. Default for `burst`: one second's worth. The error is `Throttling`, for Organizations and Account
   * Management `TooManyRequestsException`, and for EC2 `RequestLimitExceeded`.
   */
  | { kind: "throttling"; ratePerSecond: number; burst?: number }
  /** Resets the connection; the request has no effect. */
  | { kind: "reset" }
  /** The request takes effect, and the connection is reset halfway through the response. */
  | { kind: "reset-midway" }
  /** Sends no response until `close()`. The request has no effect. */
  | { kind: "hang" }
  /** The request takes effect, and the response is well-formed HTTP with half of the body. */
  | { kind: "truncated" }
  /** Responds with status 200 and no body. */
  | { kind: "empty" }
  /** Responds with your own body, such as a proxy's error page. Default for `status`: 200. */
  | { kind: "body"; status?: number; contentType: string; body: string }
  /** Shifts the `Date` header of the response by `ms`. Can be combined with any other fault. */
  | { kind: "date-skew"; ms: number }
  /** Changes the fields of a credential set just before it is sent. Can be combined with any other fault. */
  | { kind: "patch-credentials"; patch: PatchCredentials };

/** A fault to inject into responses. */
export type Fault = FaultEffect & {
  /** The requests that it affects. `{}` matches all requests. */
  on: RequestFilter;
  /** How many requests it affects before it is removed. Default: no limit. */
  times?: number;
};

/** How the server sends a response. */
export type Delivery = "whole" | "reset" | "reset-midway" | "hang";

export interface FaultedAnswer {
  answer: Answer;
  delivery: Delivery;
  dateSkew: number;
}

const KINDS = new Set([
  "status",
  "throttling",
  "reset",
  "reset-midway",
  "hang",
  "truncated",
  "empty",
  "body",
  "date-skew",
  "patch-credentials",
]);

/** The active faults, oldest first. If several would replace a response, the first match wins. */
export class FaultList {
  readonly #now: () => number;
  readonly #active = new Map<Fault, number>();
  readonly #rates = new WeakMap<Fault, RateLimit>();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(fault: Fault): { clear(): void } {
    assertFault(fault);
    const own = { ...fault };
    this.#active.set(own, fault.times ?? Number.POSITIVE_INFINITY);
    if (own.kind === "throttling") this.#rates.set(own, new RateLimit(own, this.#now));
    return { clear: () => this.#active.delete(own) };
  }

  /** Performs the exchange with all matching faults. */
  answer(exchange: Exchange): FaultedAnswer {
    const matching = [...this.#active.keys()].filter((fault) => matchesFilter(exchange.about, fault.on));
    const skews = matching.filter((fault) => fault.kind === "date-skew");
    const patches = matching.filter((fault) => fault.kind === "patch-credentials");
    const replacement = matching.find((fault) => this.#replaces(fault));

    let patched = false;
    const patch: PatchCredentials = (fields) => {
      patched = true;
      return patches.reduce((current, fault) => fault.patch(current), fields);
    };
    const outcome = applyEffect(replacement, exchange, patch);

    for (const fault of skews) this.#spend(fault);
    if (patched) for (const fault of patches) this.#spend(fault);
    if (replacement !== undefined) this.#spend(replacement);
    return { ...outcome, dateSkew: skews.reduce((sum, fault) => sum + fault.ms, 0) };
  }

  #replaces(fault: Fault): boolean {
    if (fault.kind === "date-skew" || fault.kind === "patch-credentials") return false;
    return this.#rates.get(fault)?.admits() !== true;
  }

  #spend(fault: Fault): void {
    const left = (this.#active.get(fault) ?? 0) - 1;
    if (left > 0) this.#active.set(fault, left);
    else this.#active.delete(fault);
  }
}

/** A token bucket. */
class RateLimit {
  readonly #ratePerSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  constructor({ ratePerSecond, burst = ratePerSecond }: { ratePerSecond: number; burst?: number }, now: () => number) {
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#at = now();
  }

  admits(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#ratePerSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

const NOTHING: Answer = { status: 0, headers: {}, body: "" };

function applyEffect(
  fault: Fault | undefined,
  exchange: Exchange,
  patch: PatchCredentials,
): Omit<FaultedAnswer, "dateSkew"> {
  if (fault === undefined) return whole(answered(exchange, patch));
  switch (fault.kind) {
    case "reset":
    case "hang":
      return { answer: NOTHING, delivery: fault.kind };
    case "reset-midway":
      return { answer: answered(exchange, patch), delivery: "reset-midway" };
    case "truncated":
      return whole(cutInHalf(answered(exchange, patch)));
    case "empty":
      return whole({ status: 200, headers: {}, body: "" });
    case "body":
      return whole({
        status: fault.status ?? 200,
        headers: { "content-type": fault.contentType },
        body: fault.body,
      });
    case "date-skew":
    case "patch-credentials":
      return whole(answered(exchange, patch));
    case "throttling":
      return whole(exchange.refuse(throttlingError(exchange.about.service)));
    default: {
      const { status, code = usualCode(status), message = `Injected fault: ${code}`, headers } = fault;
      const refusal = exchange.refuse(new AwsError(status, code, message));
      return whole({ ...refusal, headers: { ...refusal.headers, ...lowerCaseNames(headers) } });
    }
  }
}

function answered(exchange: Exchange, patch: PatchCredentials): Answer {
  try {
    return exchange.answer(patch);
  } catch (error) {
    if (error instanceof AwsError) return exchange.refuse(error);
    // For example, a test's own patch threw. The message makes that visible.
    return exchange.refuse(new AwsError(500, "InternalFailure", String(error)));
  }
}

function whole(answer: Answer): Omit<FaultedAnswer, "dateSkew"> {
  return { answer, delivery: "whole" };
}

function cutInHalf(answer: Answer): Answer {
  const body = Buffer.from(answer.body);
  return { ...answer, body: body.subarray(0, body.length >> 1) };
}

function lowerCaseNames(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function assertFault(fault: Fault): void {
  const kind = fault.kind ?? "status";
  if (!KINDS.has(kind)) throw new TypeError(`fault.kind must be one of ${[...KINDS].join(", ")}, got ${shown(kind)}`);
  if (typeof fault.on !== "object" || fault.on === null)
    throw new TypeError("fault.on must be an object; {} matches every request");
  const { times } = fault;
  if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
    throw new RangeError(`fault.times must be a whole number above 0, got ${shown(times)}`);
  }
  if (fault.kind === "throttling") {
    const { ratePerSecond, burst = 1 } = fault;
    if (!(ratePerSecond > 0 && burst >= 1)) {
      throw new RangeError(
        `fault.ratePerSecond must be a number above 0 and fault.burst at least 1, got ${shown(ratePerSecond)} and ${shown(burst)}`,
      );
    }
  }
  const { status } = fault as { status?: unknown };
  if (kind === "status" || (kind === "body" && status !== undefined)) {
    if (!(typeof status === "number" && status >= 200 && status <= 599)) {
      throw new RangeError(`fault.status must be an HTTP status from 200 to 599, got ${shown(status)}`);
    }
  }
}
