import pRetry from "p-retry";
import { withDeadline } from "../abort.js";
import { isRolecallError, type RolecallError } from "../errors.js";
import type { StsTarget } from "../request/role-request.js";
import type { Runtime } from "../runtime.js";
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
  /** Calls at a time. */
  readonly maxConcurrent: number;
  /** Calls for one result until it counts as failed. Throttled calls do not count while somebody waits for it. */
  readonly attempts: number;
  /** Milliseconds for one call. */
  readonly attemptTimeout: number;
  /** Milliseconds for all calls and waits of one result, from the first call on. */
  readonly timeout: number;
}

export interface StsCallsOptions {
  runtime: Runtime;
  settings: StsCallSettings;
  clients: StsClients;
}

/** What is known of the time of an answer. */
export interface AnswerTimes {
  /** Both clocks when the call was sent. */
  readonly asked: Moment;
  /** The `Date` of the answer, epoch milliseconds. Absent under a mock. */
  readonly date: number | undefined;
}

/** One question to STS. */
export interface StsQuestion<T> {
  readonly call: StsCall;
  readonly caller: StsCaller;
  readonly target: StsTarget;
  /** A new command for each attempt. */
  command(): object;
  /** @throws RolecallError if the answer cannot be used */
  read(output: unknown, times: AnswerTimes): T;
}

/** Calls for one result, throttled ones included: answers that come at once and ask for no wait end here. */
const MOST_CALLS = 100;
/** Milliseconds, the upper bound of the first wait; each further one doubles it. */
const FIRST_WAIT: Partial<Record<StsErrorKind, number>> = { throttling: 1000, transient: 200 };
const LONGEST_WAIT = 2000;
const CHECK_IDENTITY =
  "Look at what gives the base identity, instance.credentials or the instance profile: it is slow, and goes on for the next command.";
const CHECK_NETWORK = "Check the network to the STS endpoint, and try again.";

/** One failed call: the error as the caller will see it, and what may be done about it. */
class FailedAttempt extends Error {
  constructor(
    readonly error: RolecallError,
    readonly kind: StsErrorKind,
    readonly retryAfter?: number,
    /** Who signed it; unknown under a mock. */
    readonly accessKeyId?: string,
  ) {
    super(error.message);
  }
}

/** A mock may throw anything, such as a Proxy that was revoked. */
function isFailedAttempt(error: unknown): error is FailedAttempt {
  try {
    return error instanceof FailedAttempt;
  } catch {
    return false;
  }
}

/** How far the calls for one result have come. */
interface Progress {
  failures: number;
  /** Of these, how many were throttled while somebody waited: they cost no attempt. */
  throttled: number;
  lastError?: RolecallError;
  /** When the first call left the queue, by the monotonic clock. */
  began?: number;
  /** What is repeated once only. */
  readonly repeated: Set<StsErrorKind>;
}

/** Every call to STS: through the limiter, with the one retry loop, under two deadlines. */
export class StsCalls {
  readonly limiter: StsLimiter;
  readonly #options: StsCallsOptions;

  constructor(options: StsCallsOptions) {
    this.#options = options;
    this.limiter = new StsLimiter(options.settings.maxConcurrent, () => options.runtime.monotonic());
  }

  /** @throws RolecallError see {@link translateStsError}, or the calling identity's own error */
  async ask<T>(question: StsQuestion<T>, flight: Flight): Promise<T> {
    const { settings, runtime } = this.#options;
    const deadline = new AbortController();
    const signal = AbortSignal.any([flight.signal, deadline.signal]);
    const line = [question.caller.key, question.call.roleArn ?? ""];
    const progress: Progress = { failures: 0, throttled: 0, repeated: new Set() };
    let cancelDeadline: (() => void) | undefined;
    const attempt = () => {
      progress.began ??= runtime.monotonic();
      cancelDeadline ??= runtime.schedule(settings.timeout, () => {
        const { lastError = this.#timeout(question.call, "no success", settings.timeout) } = progress;
        deadline.abort(lastError);
      });
      return this.#attempt(question, signal);
    };
    try {
      return await pRetry(
        (attemptNumber) => this.limiter.run(flight, attempt, { line, signal, isRetry: attemptNumber > 1 }),
        {
          retries: Number.POSITIVE_INFINITY, // shouldRetry counts, and waits
          minTimeout: 0,
          shouldRetry: async ({ error }) => {
            if (!(error instanceof FailedAttempt)) return false;
            if (error.kind === "throttling") this.limiter.noteThrottling();
            progress.failures++;
            if (error.kind === "throttling" && flight.urgent) progress.throttled++;
            progress.lastError = error.error;
            if (!(await this.#mayRepeat(error, question, flight, progress, signal))) return false;
            const wait = this.#waitAfter(error, progress);
            if (wait === undefined) return false;
            if (wait > 0) await runtime.sleep(wait, signal);
            return true;
          },
        },
      );
    } catch (error) {
      throw error instanceof FailedAttempt ? error.error : error;
    } finally {
      cancelDeadline?.();
    }
  }

  async #attempt<T>({ call, caller, target, command: create, read }: StsQuestion<T>, signal: AbortSignal): Promise<T> {
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
        const missing = observed.waitsForIdentity ? "no credentials to call with" : "no answer";
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
      // The time limit above; or there is no identity to call with, and that is not STS's fault.
      if (isFailedAttempt(error) || isRolecallError(error)) throw error;
      const { region = observed.region } = call;
      const foreignRegion = endpoint?.foreignRegion;
      throw toFailedAttempt(
        error,
        { ...noted({ region, foreignRegion }), usesInjectedClient: clients.injected },
        observed.accessKeyId,
      );
    }
    // The time limit was over before its timer had a chance: the process stood still.
    if (certainlyElapsed(asked, { wall: runtime.now(), monotonic: runtime.monotonic() }) > settings.attemptTimeout) {
      throw limit.reason();
    }
    const answer = readOrFail((given) => read(given, { asked, date: parseDate(observed.date) }), output);
    this.limiter.noteSuccess();
    return answer;
  }

  #timeout(call: StsCall, what: string, ms: number, observed?: ObservedCall): RolecallError {
    const hint = observed?.waitsForIdentity ? CHECK_IDENTITY : withNote(CHECK_NETWORK, call.networkNote);
    return stsCallFailed("TIMEOUT", call, `${what} within ${ms / 1000} seconds`, hint);
  }

  /**
   * Throttling is repeated while somebody waits and the deadline has not come: the limiter slows all calls down until
   * they get through, or while attempts are left, as with all that may pass by itself. Clock skew and the caller's own
   * faults are repeated once, whatever failed before: what is tried then is something else. An administrator who limits
   * the tries limits those of throttled calls as well.
   */
  async #mayRepeat(
    { kind, accessKeyId }: FailedAttempt,
    { caller, target: { network } }: StsQuestion<unknown>,
    flight: Flight,
    { failures, throttled, repeated }: Progress,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (failures >= MOST_CALLS) return false;
    const mayPass = kind === "throttling" || kind === "transient";
    if (mayPass && network?.maxAttempts !== undefined) return failures < network.maxAttempts;
    if (kind === "throttling" && flight.urgent) return true;
    if (mayPass) return failures - throttled < this.#options.settings.attempts;
    if (repeated.has(kind)) return false;
    repeated.add(kind);
    if (kind === "base-identity") return caller.renew(accessKeyId, signal);
    if (kind === "denied") return caller.hasChanged(accessKeyId, signal);
    return kind === "clock-skew";
  }

  /** As long as the answer asks, else full jitter. `undefined` for a wait that the deadline would cut off. */
  #waitAfter({ kind, retryAfter }: FailedAttempt, { failures, began = 0 }: Progress): number | undefined {
    const first = FIRST_WAIT[kind];
    if (first === undefined) return 0;
    const { runtime, settings } = this.#options;
    const drawn = runtime.random() * Math.min(first * 2 ** (failures - 1), LONGEST_WAIT);
    const wait = retryAfter || drawn; // "Retry-After: 0" asks for no wait: then ours keeps callers apart
    return runtime.monotonic() - began + wait < settings.timeout ? wait : undefined;
  }
}

function parseDate(header: string | undefined): number | undefined {
  const time = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(time) ? undefined : time;
}

function toFailedAttempt(error: unknown, call: StsCall, accessKeyId: string | undefined): FailedAttempt {
  // By structure: in a test runner's sandbox, Node's own errors are no instances of its Error.
  const stsError = typeof error === "object" && error !== null ? (error as StsError) : new Error("not an error");
  const kind = classifyStsError(stsError);
  return new FailedAttempt(translateStsError(stsError, kind, call), kind, retryAfter(stsError), accessKeyId);
}

/** An answer that cannot be used may be better the next time, unless the error says otherwise. */
function readOrFail<T>(read: (output: unknown) => T, output: unknown): T {
  try {
    return read(output);
  } catch (error) {
    throw isRolecallError(error) && error.retryable ? new FailedAttempt(error, "transient") : error;
  }
}
