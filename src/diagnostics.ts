import { type Channel, channel } from "node:diagnostics_channel";
import type { RolecallError, RolecallErrorCode } from "./errors.js";
import type { RecordFault } from "./store/sealed-record.js";

/** What every event of a session says: which session. Neither holds a secret. */
export interface SessionEvent {
  /** The role, or `undefined` for the base identity itself. */
  roleArn: string | undefined;
  /** The cache key: an HMAC by a secret of this process. Another process has another key for the same session. */
  key: string;
}

/**
 * The payload of each event. Subscribe with `diagnostics_channel.subscribe("aws-rolecall:<event>", …)`.
 */
export interface RolecallEvents {
  /** A valid session was served at once. The SDK asks two or three times per send, and each is counted. */
  hit: SessionEvent;
  /** A caller found nothing valid and started a load. */
  miss: SessionEvent;
  /** A caller found nothing valid and waits for a load that is under way. */
  joined: SessionEvent;
  /** A source gave a session, the first one of a key included. */
  refreshed: SessionEvent & {
    /** Milliseconds that the session lives. `Infinity`: it does not expire. */
    life: number;
    /** No caller waited for it. */
    background: boolean;
    /** It came from the store: another process had asked for it. */
    shared: boolean;
  };
  /** A source gave no session. */
  "refresh-failed": SessionEvent & {
    code: RolecallErrorCode;
    /** Epoch milliseconds until which the session that is held is served, or `undefined` if none is. */
    servedUntil: number | undefined;
    /** Milliseconds until the source is asked again at the earliest. */
    retryIn: number;
  };
  /** STS refused for good. */
  denied: SessionEvent & {
    code: RolecallErrorCode;
    /** The caller was answered from memory, without asking STS again. */
    remembered: boolean;
  };
  /** `allowedRoles` refused a role, before any cache or network: somebody asked for what an administrator does not allow. */
  "role-not-allowed": {
    /** The role that was asked for, or `undefined` if none was. */
    roleArn: string | undefined;
    /** Who named the role, or `undefined` if nobody did. */
    setBy: "command" | "instance" | undefined;
    /** The instance's `integration`. */
    integration: string | undefined;
  };
  /** One role was asked for through many base identities within a minute. Published once for each role of a resolver. */
  "many-base-identities": {
    roleArn: string;
    /** How many there were when it was noticed. Each has sessions of its own. */
    baseIdentities: number;
    /** What to do, one sentence. */
    hint: string;
  };
  /** A session was dropped, or a service refused it and another one is loaded in its place. */
  invalidated: SessionEvent;
  /** The bound on sessions pushed one out. */
  evicted: SessionEvent;
  /** The store was of no use. Commands go on with memory and STS. */
  "store-error": SessionEvent & {
    operation: "get" | "set" | "delete" | "lock" | "release";
    /** It failed, did not answer in time, or holds a record that is not used; then, why. */
    reason: "failed" | "timeout" | RecordFault;
    /** With `failed`: a copy of the store's error. Its message is withheld unless it is known to quote no record. */
    error: Error | undefined;
  };
  /** STS refused the duration, and gave a session of one hour. */
  "duration-clamped": SessionEvent & {
    requestedSeconds: number;
    grantedSeconds: number;
    /** STS's refusal; its message repeats the reason in STS's words. */
    error: RolecallError;
  };
}

export type RolecallEventName = keyof RolecallEvents;

/** Publishes events and counts them. */
export class Diagnostics {
  readonly #counts = Object.fromEntries(Object.keys(CHANNELS).map((event) => [event, 0])) as Record<
    RolecallEventName,
    number
  >;

  publish<E extends RolecallEventName>(event: E, payload: RolecallEvents[E]): void {
    this.#counts[event]++;
    const target = CHANNELS[event];
    if (target.hasSubscribers) target.publish(payload);
  }

  count(event: RolecallEventName): number {
    return this.#counts[event];
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
