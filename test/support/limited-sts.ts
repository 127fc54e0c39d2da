import type { ManualClock } from "../../src/testing/index.js";
import { HOUR, SECOND } from "./local.js";

/** Whether a limit takes one more call at a time, in milliseconds. */
export type Limit = (time: number) => boolean;

/** Takes `size` calls at once after a pause, then `perSecond`. */
export function tokenBucket(perSecond: number, size = perSecond): Limit {
  let tokens = size;
  let since = 0;
  return (time) => {
    tokens = Math.min(size, tokens + ((time - since) * perSecond) / SECOND);
    since = time;
    const isGranted = tokens >= 1;
    if (isGranted) tokens--;
    return isGranted;
  };
}

/** Takes `calls` in each window of `ms`. */
export function fixedWindow(calls: number, ms: number): Limit {
  let window = -1;
  let taken = 0;
  return (time) => {
    if (Math.floor(time / ms) !== window) taken = 0;
    window = Math.floor(time / ms);
    return ++taken <= calls;
  };
}

/** An STS client without a network, which answers on the clock and throttles what is over its limit. */
export function createLimitedSts(clock: ManualClock, limit: Limit, latency = 0) {
  const calls: { readonly time: number; readonly granted: boolean }[] = [];
  let inFlight = 0;
  let mostAtOnce = 0;
  let hangs = false;
  const answer = async () => {
    if (latency > 0) await clock.sleep(latency / 2);
    if (hangs) await new Promise(() => {});
    const granted = limit(clock.monotonic());
    calls.push({ time: clock.monotonic(), granted });
    if (latency > 0) await clock.sleep(latency / 2);
    if (hangs) await new Promise(() => {});
    if (!granted) {
      throw Object.assign(new Error("Rate exceeded"), { name: "Throttling", $metadata: { httpStatusCode: 400 } });
    }
    return {
      Credentials: {
        AccessKeyId: `ASIA${calls.length}`,
        SecretAccessKey: "made-up",
        SessionToken: "made-up",
        Expiration: new Date(clock.now() + HOUR),
      },
    };
  };
  return {
    calls,
    /** From now on, no call gets an answer. */
    hang() {
      hangs = true;
    },
    get throttled() {
      return calls.filter(({ granted }) => !granted).length;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    stsClient: {
      async send() {
        mostAtOnce = Math.max(mostAtOnce, ++inFlight);
        try {
          return await answer();
        } finally {
          inFlight--;
        }
      },
    },
  };
}
