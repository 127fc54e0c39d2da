import type { RolecallError } from "../errors.js";
import type { Link } from "../request/chain.js";
import type { Flight } from "./flight.js";
import type { Moment, RefreshRules } from "./refresh-policy.js";
import type { SessionCredentials } from "./session-credentials.js";

/** Where the cache gets the session of a link. */
export interface SessionLoader {
  /** How the link's session is kept fresh. */
  rules(link: Link): RefreshRules;
  /** @throws RolecallError if no session can be loaded */
  load(link: Link, flight: Flight): Promise<Load>;
  /** Deletes the link's session from the store if it has `accessKeyId`; without one, any session. Never rejects. */
  deleteShared(link: Link, accessKeyId: string | undefined): Promise<void>;
}

/** The result of a load. */
export type Load = IssuedSession | SharedSession | PastExpiry | LoadedElsewhere;

/** A result that comes from the source itself, not from the store. */
interface FromSource {
  /** The identity of the credentials, if the source returns it. It may change between two loads of the same key. */
  readonly identity?: string | undefined;
}

/** A session that the source has just issued. */
export interface IssuedSession extends FromSource {
  readonly kind: "issued";
  readonly credentials: SessionCredentials;
  /** Milliseconds from its issue to its expiration, by the source's clock. `Infinity` if it does not expire. */
  readonly life: number;
  /** When the source was called. `life` counts from then. Default: now. */
  readonly asked?: Moment;
  /** The age at which a refresh is due, if the session is shared with other processes. */
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
 * Credentials that have expired by every clock. They are served until the next attempt if there is no valid session: the
 * clock may be wrong, or AWS may have extended them.
 */
export interface PastExpiry extends FromSource {
  readonly kind: "past-expiry";
  readonly credentials: SessionCredentials;
  readonly error: RolecallError;
}

/** Another process is loading the session, and the current one is still valid. Never returned for an urgent flight. */
export interface LoadedElsewhere {
  readonly kind: "elsewhere";
}
