import pRetry from "p-retry";
import { raceAbort, withDeadline } from "../abort.js";
import { isRolecallError, type RolecallError } from "../errors.js";
import type { StsTarget } from "../request/chain.js";
import { type Runtime, scheduleAt } from "../runtime.js";
import type { Flight } from "../session/flight.js";
import { certainlyElapsed, type Moment } from "../session/refresh-policy.js";
import { type ObservedCall, observeCall } from "./observed-call.js";
import type { StsCaller } from "./sts-caller.js";
import type { StsClients, StsEndpoint } from "./sts-clients.js";
import {
  classifyStsError,
  retryAfter,
  type StsCall,
  type StsError,
  type StsErrorKind,
  stsCallFailed,
  translateStsError,
} from "./sts-errors.js";
import { StsLimiter } from "./sts-limiter.js";
import { noteUnusedProxy, withNote } from "./unused-environment.js";

export interface StsCallSettings {
  /** The maximum number of concurrent calls. */
  readonly maxConcurrent: number;
  /** Attempts per result. Throttled attempts do not count while a caller waits. */
  readonly attempts: number;
  /** Milliseconds for one call. */
  readonly attemptTimeout: number;
  /** Milliseconds for all calls and waits of one result, from the first call, or from later progress in the queue. */
  readonly timeout: number;
}

export interface StsCallsOptions {
  runtime: Runtime;
  settings: StsCallSettings;
  clients: StsClients;
}

/** When a call was sent and answered. */
export interface AnswerTimes {
  /** Both clocks when the call was sent. */
  readonly asked: Moment;
  /** The response's `Date`, in epoch milliseconds. `undefined` under a mock. */
  readonly date: number | undefined;
}

/** One question to STS. */
export interface StsQuestion<T> {
  readonly call: StsCall;
  readonly caller: StsCaller;
  readonly target: StsTarget;
  /** A new command for each attempt. */
  command(): object;
  /** @throws RolecallError if the response is unusable */
  read(output: unknown, times: AnswerTimes): T;
}

/** The most calls for one result, including throttled ones. Stops a loop of instant responses that request no wait. */
const MOST_CALLS = 30;
/** Temporary failures, with the upper bound of the first wait in milliseconds. Each further wait doubles it. */
const FIRST_WAIT: ReadonlyMap<StsErrorKind, number> = new Map([
  ["throttling", 1000],
  ["transient", 200],
]);
const LONGEST_WAIT = 2000;
const CHECK_IDENTITY =
  "Check why the base identity (instance.credentials or the instance profile) is slow to read. The read continues for the next command.";
const CHECK_NETWORK = "Check the network to the STS endpoint, and try again.";

/** A failed call: the error that the caller will see, and what the retry loop needs. */
class FailedAttempt extends Error {
  constructor(
    readonly error: RolecallError,
    readonly kind: StsErrorKind,
    readonly retryAfter?: number,
    /** The key that signed the call; `undefined` under a mock. */
    readonly accessKeyId?: string,
  ) {
    super(error.message);
  }
}

/** A mock may throw anything, such as a revoked Proxy. */
function isFailedAttempt(error: unknown): error is FailedAttempt {
  try {
    return error instanceof FailedAttempt;
  } catch {
    return false;
  }
}

/** Makes all calls to STS, with a limiter, the only retry loop and two deadlines. */
export class StsCalls {
  readonly limiter: StsLimiter;
  readonly #options: StsCallsOptions;

  constructor(options: StsCallsOptions) {
    this.#options = options;
    this.limiter = new StsLimiter(options.settings.maxConcurrent, options.runtime);
  }

  /** @throws RolecallError see {@link translateStsError}, or the calling identity's own error */
  async ask<T>(question: StsQuestion<T>, flight: Flight): Promise<T> {
    const { settings, runtime } = this.#options;
    const { call, caller, target } = question;
    const { maxAttempts } = target.network ?? {};
    const deadline = new AbortController();
    const signal = AbortSignal.any([flight.signal, deadline.signal]);
    const line = [caller.key, call.roleArn ?? ""];
    const remedy = createRemedy(caller, signal);
    let lastError = this.#timeout(call, "no call succeeded", settings.timeout);
    let began: number | undefined; // when the first call left the queue
    /** While the call is queued, responses to other calls extend the deadline, because they move the queue forward. */
    const ends = () => Math.max(began ?? 0, flight.progressedAt) + settings.timeout;
    let cancelDeadline: (() => void) | undefined;
    let wait = 0;

    const send = () => {
      began ??= runtime.monotonic();
      cancelDeadline ??= scheduleAt(runtime, ends, () => deadline.abort(lastError));
      return this.#send(question, signal);
    };
    const attempt = async (attemptNumber: number) => {
      if (wait > 0) await runtime.sleep(wait, signal);
      for (let calls = 1; ; calls++) {
        try {
          const isRetry = attemptNumber > 1 || calls > 1;
          await raceAbort(caller.ready(flight), signal);
          return await this.limiter.run(flight, send, { line, signal, isRetry });
        } catch (error) {
          if (!isFailedAttempt(error)) throw error;
          lastError = error.error;
          if (!(await remedy(error))) throw error;
        }
      }
    };
    /** Without `maxAttempts`, throttled attempts do not count while a caller waits: the limiter adapts to STS. */
    const counts = ({ kind }: FailedAttempt) => kind !== "throttling" || !flight.urgent || maxAttempts !== undefined;
    const fitsDeadline = () => runtime.monotonic() + wait < ends();
    try {
      return await pRetry(attempt, {
        retries: maxAttempts ?? settings.attempts, // one more than the limit, because p-retry stops when none is left
        minTimeout: 0, // each attempt begins with its own wait, on the runtime's clock
        onFailedAttempt: ({ error, attemptNumber }) => {
          if (!isFailedAttempt(error)) throw error;
          wait = this.#drawWait(error, attemptNumber);
        },
        shouldConsumeRetry: ({ error }) => counts(error as FailedAttempt),
        shouldRetry: ({ error, attemptNumber, retriesLeft }) => {
          const failed = error as FailedAttempt;
          const isLeft = attemptNumber < MOST_CALLS && (retriesLeft > 1 || !counts(failed));
          return FIRST_WAIT.has(failed.kind) && isLeft && fitsDeadline();
        },
      });
    } catch (error) {
      throw isFailedAttempt(error) ? error.error : error;
    } finally {
      cancelDeadline?.();
    }
  }

  async #send<T>({ call, caller, target, command: create, read }: StsQuestion<T>, signal: AbortSignal): Promise<T> {
    const { runtime, settings, clients } = this.#options;
    const command = create();
    const observed = observeCall(command);
    const noted = (known: Partial<StsCall> = {}): StsCall => {
      const networkNote = clients.customTransport ? undefined : noteUnusedProxy(runtime.env, target.network);
      return { ...call, networkNote, ...known };
    };
    const limit = {
      runtime,
      ms: settings.attemptTimeout,
      reason: () => {
        const missing = observed.waitsForIdentity ? "no credentials for the call" : "no response";
        return new FailedAttempt(this.#timeout(noted(), missing, settings.attemptTimeout, observed), "transient");
      },
      signal,
    };
    const asked = { wall: runtime.now(), monotonic: runtime.monotonic() };
    let endpoint: StsEndpoint | undefined;
    let output: unknown;
    try {
      endpoint = clients.for(caller, target);
      const { client } = endpoint;
      output = await withDeadline(limit, (abortSignal) => client.send(command, { abortSignal }));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // Either the time limit above, or the caller has no credentials, which is not a failure of STS.
      if (isFailedAttempt(error) || isRolecallError(error)) throw error;
      const { region = observed.region } = call;
      const foreignRegion = endpoint?.foreignRegion;
      const known = { ...noted({ region, foreignRegion }), usesInjectedClient: clients.injected };
      const failed = toFailedAttempt(error, known, observed.accessKeyId);
      if (failed.kind === "throttling") this.limiter.noteThrottling(asked.monotonic);
      else if (failed.kind !== "transient") this.limiter.noteAnswer();
      throw failed;
    }
    // The process was stalled past the time limit, so its timer has not fired yet.
    if (certainlyElapsed(asked, { wall: runtime.now(), monotonic: runtime.monotonic() }) > settings.attemptTimeout) {
      throw limit.reason();
    }
    const answer = readOrFail((given) => read(given, { asked, date: parseDate(observed.date) }), output);
    this.limiter.noteAnswer();
    return answer;
  }

  #timeout(call: StsCall, what: string, ms: number, observed?: ObservedCall): RolecallError {
    const { caller } = call;
    const waits = observed?.waitsForIdentity ?? false;
    const hint = waits && caller.roleArn === undefined ? CHECK_IDENTITY : withNote(CHECK_NETWORK, call.networkNote);
    const step = waits ? caller.step : call.step;
    return stsCallFailed("TIMEOUT", { ...call, step }, `${what} within ${ms / 1000} seconds`, hint);
  }

  /** Milliseconds: the response's `Retry-After`, or full jitter without one. */
  #drawWait({ kind, retryAfter }: FailedAttempt, failures: number): number {
    const ceiling = Math.min((FIRST_WAIT.get(kind) ?? 0) * 2 ** (failures - 1), LONGEST_WAIT);
    return retryAfter || this.#options.runtime.random() * ceiling; // "Retry-After: 0" gets jitter too
  }
}

/**
 * Handles failures after which the same call may succeed immediately, with the SDK's corrected clock or with other keys
 * of the caller. It handles each kind of failure once. The repeated call does not count as an attempt.
 * @returns whether to repeat the call
 */
function createRemedy(caller: StsCaller, signal: AbortSignal): (failed: FailedAttempt) => Promise<boolean> {
  const tried = new Set<StsErrorKind>();
  return async ({ kind, accessKeyId }) => {
    if (tried.has(kind)) return false;
    tried.add(kind);
    if (kind === "base-identity") return raceAbort(caller.replace(accessKeyId, false), signal);
    if (kind === "denied") return raceAbort(caller.replace(accessKeyId, true), signal);
    return kind === "clock-skew";
  };
}

function parseDate(header: string | undefined): number | undefined {
  const time = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(time) ? undefined : time;
}

function toFailedAttempt(error: unknown, call: StsCall, accessKeyId: string | undefined): FailedAttempt {
  // Checks the shape: in a test runner's sandbox, Node's own errors are not instances of its Error.
  const stsError = typeof error === "object" && error !== null ? (error as StsError) : new Error("not an error");
  const kind = classifyStsError(stsError);
  return new FailedAttempt(translateStsError(stsError, kind, call), kind, retryAfter(stsError), accessKeyId);
}

/** Retries an unusable response if its error is retryable. */
function readOrFail<T>(read: (output: unknown) => T, output: unknown): T {
  try {
    return read(output);
  } catch (error) {
    throw isRolecallError(error) && error.retryable ? new FailedAttempt(error, "transient") : error;
  }
}
