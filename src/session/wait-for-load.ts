import { onAbort } from "../abort.js";
import type { RolecallError } from "../errors.js";
import type { Link } from "../request/chain.js";
import { type Runtime, scheduleAt } from "../runtime.js";
import { type Flight, LONGEST_WAIT, type SessionDemand, waitsUntil } from "./flight.js";
import type { SessionCredentials } from "./session-credentials.js";
import { abortedError, waitedTooLongError } from "./session-errors.js";

/**
 * Waits for a load that other callers may share, until it ends or the caller's signal aborts. Without a signal, gives up
 * if the load makes no progress for too long.
 */
export function waitForLoad(
  flight: Flight,
  { signal, waitingLoad }: SessionDemand,
  link: Link,
  runtime: Runtime,
): Promise<SessionCredentials> {
  const since = runtime.monotonic();
  const stopFollowing = waitingLoad?.follow(flight);
  flight.raise();
  return new Promise((resolve, reject) => {
    const giveUp = (error: RolecallError) => {
      stopWaiting();
      reject(error);
    };
    const stopTimer = signal
      ? onAbort(signal, () => giveUp(abortedError(link, signal)))
      : scheduleAt(
          runtime,
          () => waitsUntil(flight, since),
          () => giveUp(waitedTooLongError(link, LONGEST_WAIT)),
        );
    const stopWaiting = () => {
      stopTimer();
      stopFollowing?.();
    };
    flight.promise.finally(stopWaiting).then(resolve, reject);
  });
}
