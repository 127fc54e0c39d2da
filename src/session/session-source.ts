import type { RolecallError, RolecallErrorStep } from "../errors.js";
import type { Flight } from "./flight.js";
import type { Moment, RefreshRules } from "./refresh-policy.js";
import type { SessionCredentials } from "./session-credentials.js";

/** Where the sessions of one key come from. The cache uses nothing else of it. */
export interface SessionSource {
  readonly key: string;
  /** The key of the identity that the sessions are obtained with. */
  readonly parentKey: string | undefined;
  readonly step: RolecallErrorStep;
  /** `undefined` for the base identity itself. */
  readonly roleArn: string | undefined;
  readonly rules: RefreshRules;
  /** @throws RolecallError if there is no session to be had */
  load(flight: Flight): Promise<Load>;
  /** Invalidates what is shared with other processes: the session with `accessKeyId`, or any. Never rejects. */
  invalidate(accessKeyId: string | undefined): Promise<void>;
}

/** What a load brought. */
export type Load = IssuedSession | SharedSession | PastExpiry | LoadedElsewhere;

/** What a source itself gave. */
interface FromSource {
  /** Who the credentials turned out to be, if the source tells: a role's ARN. Others of the key's may be of another role. */
  readonly identity?: string | undefined;
}

/** A session that the source issued just now. */
export interface IssuedSession extends FromSource {
  readonly kind: "issued";
  readonly credentials: SessionCredentials;
  /** Milliseconds from its issue to its expiration by the source's clock; `Infinity` without one. */
  readonly life: number;
  /** When the source was asked: the life counts from then. Default: from now on. */
  readonly asked?: Moment;
  /** The age at which a refresh is due, where processes have agreed on one. */
  readonly advisoryPoint?: number;
}

/** A session that another process loaded. */
export interface SharedSession {
  readonly kind: "shared";
  readonly credentials: SessionCredentials;
  readonly life: number;
  /** Milliseconds since its issue. */
  readonly age: number;
  readonly advisoryPoint: number;
}

/**
 * Credentials that every clock calls expired. They are served if nothing valid is held, until the source is asked again:
 * the clock may be wrong, or AWS may have extended them.
 */
export interface PastExpiry extends FromSource {
  readonly kind: "past-expiry";
  readonly credentials: SessionCredentials;
  readonly error: RolecallError;
}

/** Another process is loading it, and a valid one is held until then. Never for a flight that is urgent. */
export interface LoadedElsewhere {
  readonly kind: "elsewhere";
}
