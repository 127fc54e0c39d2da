import type { RolecallError } from "../errors.js";
import type { Moment, RefreshRules } from "./refresh-policy.js";
import type { SessionCredentials } from "./session-credentials.js";

/** Where the sessions of one key come from. The cache knows nothing else of it. */
export interface SessionSource {
  readonly key: string;
  /** `undefined` for the base identity itself. */
  readonly roleArn: string | undefined;
  readonly rules: RefreshRules;
  /** `undefined`: another process loads it, and there is one to serve until then. Not for a flight that is urgent. */
  load(flight: Flight): Promise<LoadedSession | undefined>;
  /** Where sessions are shared: drops it there too, if it is the one with `accessKeyId`, or any. Never rejects. */
  forget?(accessKeyId: string | undefined): Promise<void>;
}

export interface LoadedSession {
  readonly credentials: SessionCredentials;
  /** Milliseconds from its issue to the expiration by the source's clock; `Infinity` without one. */
  readonly life: number;
  /** When its source was asked. Its life counts from then; absent, from now on. */
  readonly asked?: Moment;
  /** Milliseconds since its issue, for one that was shared. Absent for one that was issued just now. */
  readonly age?: number;
  /** The age at which a refresh is due, where processes have agreed on it. */
  readonly advisoryPoint?: number;
  /** Set where every clock calls it expired: it is used only if nothing valid is held, since a clock may be wrong. */
  readonly expired?: RolecallError;
}

/** What one caller asks of a session. Every key is its own: what is absent would be read from `Object.prototype`. */
export interface SessionWish {
  /** Frees this caller, at once and alone. */
  readonly signal: AbortSignal | undefined;
  /** Asks the source even if the session is fresh. */
  readonly forceRefresh: boolean | undefined;
  /** Milliseconds that the session has to live on; one with less is loaded anew first. */
  readonly minRemaining: number | undefined;
  /** Asks the source even if a refusal is remembered. A session that is held is served all the same. */
  readonly despiteRefusal: boolean | undefined;
}

export const NO_WISH: SessionWish = Object.freeze({
  signal: undefined,
  forceRefresh: undefined,
  minRemaining: undefined,
  despiteRefusal: undefined,
});

/** One load under way, shared by all who wait for it. */
export class Flight {
  readonly #controller = new AbortController();
  #onUrgent: (() => void) | undefined;
  /** Whether a caller waits; `false` for a refresh in the background. */
  urgent = false;
  /** Only a session that is issued from now on will do. */
  anew = false;
  /** Its session takes the place of one that a service refused. */
  replaces = false;
  /** Milliseconds that the session has to live on. */
  minRemaining = 0;
  promise!: Promise<SessionCredentials>;

  constructor(
    /** When this key's source last gave a session, epoch milliseconds. */
    readonly lastSuccess?: number,
    /** The set that is held now: a source must not hand it out as new. */
    readonly heldAccessKeyId?: string,
    readonly heldExpiration?: Date,
  ) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** A caller waits from now on: the listener moves the load forward in its queue. */
  raise(): this {
    if (!this.urgent) {
      this.urgent = true;
      this.#onUrgent?.();
    }
    return this;
  }

  onUrgent(listener: () => void): void {
    this.#onUrgent = listener;
  }

  /** What one more caller asks of the load that is under way. */
  demand({ forceRefresh = false, minRemaining = 0 }: SessionWish): this {
    this.anew ||= forceRefresh;
    this.minRemaining = Math.max(this.minRemaining, minRemaining);
    return this;
  }

  /** Whether a session that another process asked for will do for all who wait. */
  admits({ credentials, life, age = 0 }: LoadedSession): boolean {
    return !this.anew && credentials.accessKeyId !== this.heldAccessKeyId && life - age >= this.minRemaining;
  }
}
