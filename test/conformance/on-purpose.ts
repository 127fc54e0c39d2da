import type { Observation, Result } from "./vector-data.js";

export interface Difference {
  why: string;
  ours: Observation[];
  /** Where a caller gets the held set although the source gave another one: what the next caller gets. */
  nextCaller?: Result;
}

const NOBODY_WAITS = "Nobody waits for a refresh while the held set is valid: it runs in the background.";
const AFTER_EXPIRY =
  "An expired set is not served: AWS would refuse it. The caller gets the cause. (AWS extends the instance profile's own set, which is served on.)";
const REFUSED_CALL_WAITS =
  "Only the call that a service refused waits for the next set. Everybody else is served the held one until then, since one service may be wrong.";
const VALID_OUTLIVES =
  "A valid set outlives a refusal: it is served until it expires. The refusal is remembered for 1 s growing to 60 s.";
const NO_LONG_BACKOFF =
  "A backoff is bound to the life that is left: it ends with the set, so the first caller after recovery succeeds.";

const asked = (result: Result): Observation => ({ result, source: "asked" });

/** By the vector's title: where ours differs from the specification on purpose. */
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
    why: "A window is never more than half of the life. Otherwise this set would be replaced after about a quarter of it.",
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
    why: `${AFTER_EXPIRY} ${NO_LONG_BACKOFF} An invalidation clears it too.`,
    ours: [asked("noCredentialsError"), asked("noCredentialsError"), asked("newCredentials")],
  },
  "After a failed refresh, the SDK does not contact the credential source again until the refresh backoff has elapsed":
    {
      why: `${AFTER_EXPIRY} ${NO_LONG_BACKOFF}`,
      ours: [asked("noCredentialsError"), asked("noCredentialsError"), asked("newCredentials")],
    },
};
