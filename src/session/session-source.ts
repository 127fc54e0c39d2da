import type { RefreshRules } from "./refresh-policy.js";
import type { SessionCredentials } from "./session-credentials.js";

/** Where the sessions of one key come from. The cache knows nothing else of it. */
export interface SessionSource {
  readonly key: string;
  /** `undefined` for the base identity itself. */
  readonly roleArn: string | undefined;
  readonly rules: RefreshRules;
  load(flight: Flight): Promise<LoadedSession>;
}

export interface LoadedSession {
  readonly credentials: SessionCredentials;
  /** Milliseconds from now to the expiration by the source's clock; `Infinity` without one. */
  readonly life: number;
}

/** What one caller asks of a session. */
export interface SessionWish {
  /** Frees this caller, at once and alone. */
  signal?: AbortSignal | undefined;
  /** Asks the source even if the session is fresh. Default `false`. */
  forceRefresh?: boolean | undefined;
  /** Milliseconds that the session has to live on; one with less is loaded anew first. Default 0. */
  minRemaining?: number | undefined;
  /** Asks the source even if a refusal is remembered. A session that is held is served all the same. Default `false`. */
  despiteRefusal?: boolean | undefined;
}

/** One load under way, shared by all who wait for it. */
export class Flight {
  readonly #controller = new AbortController();
  #onUrgent: (() => void) | undefined;
  /** Whether a caller waits; `false` for a refresh in the background. */
  urgent = false;
  promise!: Promise<SessionCredentials>;

  constructor(
    /** When this key's source last gave a session, epoch milliseconds. */
    readonly lastSuccess?: number,
    /** The set that is held now: a source must not hand it out as new. */
    readonly heldAccessKeyId?: string,
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
}
