import type { Observation, Result } from "./vector-data.js";

export interface Difference {
  why: string;
  ours: Observation[];
  /** What the next caller gets, if a caller gets the held set although the source returned a different one. */
  nextCaller?: Result;
}

const NOBODY_WAITS = "No caller waits for a refresh while the held set is valid. The refresh runs in the background.";
const AFTER_EXPIRY =
  "The library does not serve an expired set, because AWS would refuse it. The caller gets the cause. (AWS accepts the instance profile's own set for longer, so the library keeps serving that one.)";
const REFUSED_CALL_WAITS =
  "Only the rejected call waits for the next set. All other callers get the held set until then, because the service that rejects it may be wrong.";
const VALID_OUTLIVES =
  "A valid set is served until it expires, even after a refusal. The refusal is remembered for 1 s at first and up to 60 s later.";
const NO_LONG_BACKOFF = "A backoff never outlasts the held set, so the first caller after the recovery succeeds.";

const asked = (result: Result): Observation => ({ result, source: "asked" });

/** Intentional differences from the specification, by the vector's title. */
export const ON_PURPOSE: Record<string, Difference> = {
  "Advisory window, refresh succeeds": {
    why: NOBODY_WAITS,
    ours: [asked("cachedCredentials")],
    nextCaller: "newCredentials",
  },
  "Mandatory window, refresh succeeds": {
    why: NOBODY_WAITS,
    ours: [asked("cachedCredentials")],
    nextCaller: "newCredentials",
  },
  "Expired credentials, refresh fails": {
    why: AFTER_EXPIRY,
    ours: [asked("noCredentialsError")],
  },
  "A 20.5-minute credential lifetime selects the 15-minute advisory window (lifetime > 20 and < 90 minutes)": {
    why: "A window is never more than half of the lifetime. Otherwise this set would be replaced after about a quarter of its lifetime.",
    ours: [{ ...asked("newCredentials"), advisoryWindowSeconds: 615 }],
  },
  "After a successful refresh returns credentials with a different lifetime, the SDK recomputes the advisory window": {
    why: `${NOBODY_WAITS} The windows are the specified ones.`,
    ours: [
      { ...asked("newCredentials"), advisoryWindowSeconds: 3600 },
      { ...asked("cachedCredentials"), advisoryWindowSeconds: 300 },
    ],
    nextCaller: "newCredentials",
  },
  "Advisory window, non-recoverable failure": {
    why: VALID_OUTLIVES,
    ours: [asked("cachedCredentials"), asked("cachedCredentials")],
    nextCaller: "newCredentials",
  },
  "Mandatory window, non-recoverable failure": {
    why: VALID_OUTLIVES,
    ours: [asked("cachedCredentials"), asked("cachedCredentials")],
    nextCaller: "newCredentials",
  },
  "Non-recoverable error, then an immediate retry with no clock advance": {
    why: VALID_OUTLIVES,
    ours: [asked("cachedCredentials"), { result: "cachedCredentials", source: "held off" }],
  },
  "Invalidate with an access key ID matching the cached credentials routes the next getCredentials through the mandatory refresh path, and the refresh succeeds":
    {
      why: REFUSED_CALL_WAITS,
      ours: [asked("cachedCredentials")],
      nextCaller: "newCredentials",
    },
  "Invalidate during an active backoff": {
    why: `${AFTER_EXPIRY} ${NO_LONG_BACKOFF} An invalidation also clears the backoff.`,
    ours: [asked("noCredentialsError"), asked("noCredentialsError"), asked("newCredentials")],
  },
  "After a failed refresh, the SDK does not contact the credential source again until the refresh backoff has elapsed":
    {
      why: `${AFTER_EXPIRY} ${NO_LONG_BACKOFF}`,
      ours: [asked("noCredentialsError"), asked("noCredentialsError"), asked("newCredentials")],
    },
};
