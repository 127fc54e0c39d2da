import { type Channel, channel } from "node:diagnostics_channel";
import type { RolecallError, RolecallErrorCode, RolecallErrorStep } from "./errors.js";
import type { RecordFault } from "./store/sealed-record.js";

/** Identifies the session that an event is about. Contains no secret. */
export interface SessionEvent {
  /** Which identity of the chain it is: the base identity, the source role or the command's role. */
  step: RolecallErrorStep;
  /** The role, or `undefined` for the base identity itself. */
  roleArn: string | undefined;
  /** The cache key, an HMAC with a per-process secret. The same session has a different key in each process. */
  key: string;
}

/** The payload of each event. Subscribe with `diagnostics_channel.subscribe("aws-rolecall:<event>", …)`. */
export interface RolecallEvents {
  /**
   * A valid session was served from memory. The SDK resolves credentials two or three times per send; each counts.
   */
  hit: SessionEvent;
  /** A caller found no valid session and started a load. */
  miss: SessionEvent;
  /** A caller found no valid session and joined a load in progress. */
  joined: SessionEvent;
  /** A source returned a session. This includes the first session of a key. */
  refreshed: SessionEvent & {
    /** The lifetime of the session in milliseconds; `Infinity` if it does not expire. */
    life: number;
    /** Whether the load ran in the background, with no caller waiting. */
    background: boolean;
    /** Whether the session came from the store, where another process had put it. */
    shared: boolean;
  };
  /** A source failed to return a session. */
  "refresh-failed": SessionEvent & {
    code: RolecallErrorCode;
    /** Epoch milliseconds until which the current session is served; `undefined` if there is none. */
    servedUntil: number | undefined;
    /** Milliseconds until the earliest next attempt. */
    retryIn: number;
  };
  /** STS denied the role, and retrying will not help. */
  denied: SessionEvent & {
    code: RolecallErrorCode;
    /** Whether the denial came from memory, without another call to STS. */
    remembered: boolean;
  };
  /**
   * A command or instance named a role that `allowedRoles` does not allow. Published before any cache or network
   * access.
   */
  "role-not-allowed": {
    /** The requested role; `undefined` if none was named. */
    roleArn: string | undefined;
    /** Where the role was named; `undefined` if none was named. */
    setBy: "command" | "instance" | undefined;
    /** The instance's `integration`. */
    integration: string | undefined;
  };
  /** One role was requested with many base identities within a minute. Published once per role and resolver. */
  "many-base-identities": {
    roleArn: string;
    /** The number of base identities when the event was published. Each has its own sessions. */
    baseIdentities: number;
    /** What to do, in one sentence. */
    hint: string;
  };
  /** A session was dropped, or is being replaced because a service rejected it. */
  invalidated: SessionEvent;
  /** A session was removed because the cache was full. */
  evicted: SessionEvent;
  /** The store failed or returned an unusable record. Commands continue with memory and STS. */
  "store-error": SessionEvent & {
    operation: "get" | "set" | "delete" | "lock" | "release";
    /** Whether the store failed or timed out, or why its record is unusable. */
    reason: "failed" | "timeout" | RecordFault;
    /** With `failed`: a copy of the store's error. Its message is withheld unless it is known to contain no record. */
    error: Error | undefined;
  };
  /** STS rejected the requested duration and granted one hour instead. */
  "duration-clamped": SessionEvent & {
    requestedSeconds: number;
    grantedSeconds: number;
    /** The rejection from STS; the message quotes its reason. */
    error: RolecallError;
  };
}

export type RolecallEventName = keyof RolecallEvents;

/** Publishes events and counts them. */
export class Diagnostics {
  readonly #counts = new Map<RolecallEventName, number>();

  publish<E extends RolecallEventName>(event: E, payload: RolecallEvents[E]): void {
    this.#counts.set(event, this.count(event) + 1);
    const target = CHANNELS[event];
    if (target.hasSubscribers) target.publish(payload);
  }

  count(event: RolecallEventName): number {
    return this.#counts.get(event) ?? 0;
  }
}

const CHANNELS: Record<RolecallEventName, Channel> = {
  hit: channel("aws-rolecall:hit"),
  miss: channel("aws-rolecall:miss"),
  joined: channel("aws-rolecall:joined"),
  refreshed: channel("aws-rolecall:refreshed"),
  "refresh-failed": channel("aws-rolecall:refresh-failed"),
  denied: channel("aws-rolecall:denied"),
  "role-not-allowed": channel("aws-rolecall:role-not-allowed"),
  "many-base-identities": channel("aws-rolecall:many-base-identities"),
  invalidated: channel("aws-rolecall:invalidated"),
  evicted: channel("aws-rolecall:evicted"),
  "store-error": channel("aws-rolecall:store-error"),
  "duration-clamped": channel("aws-rolecall:duration-clamped"),
};
