import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterThrottling, type LearnedRate, rateAt, UNLIMITED } from "../../src/sources/sts-rate.js";

const SECOND = 1000;
const call = { sentAt: 900, inFlight: 25, grantedInLastSecond: 0 };
const NOW = 1000;

describe("the rate of calls to STS", () => {
  it("is unlimited until STS throttles", () => {
    expect(rateAt(UNLIMITED, NOW)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is half of what was sent when STS throttles for the first time: 25 calls of 100 ms at once are 250 a second", () => {
    expect(afterThrottling(UNLIMITED, NOW, call)).toEqual({ perSecond: 125, since: NOW });
  });

  it("counts an answer that comes at once as one after 10 ms", () => {
    expect(afterThrottling(UNLIMITED, NOW, { ...call, sentAt: NOW }).perSecond).toBe(1250);
  });

  it("halves with each throttling", () => {
    const rate: LearnedRate = { perSecond: 40, since: 0 };
    expect(afterThrottling({ ...rate, since: NOW - 1 }, NOW, { ...call, sentAt: NOW }).perSecond).toBeCloseTo(20, 1);
  });

  it("stays as it is if the throttled call was sent before the last change", () => {
    const rate: LearnedRate = { perSecond: 40, since: 900 };
    expect(afterThrottling(rate, NOW, call)).toBe(rate);
    expect(afterThrottling(rate, NOW, { ...call, sentAt: 901 })).not.toBe(rate);
  });

  it("does not fall below what STS granted in the last second", () => {
    const rate: LearnedRate = { perSecond: 22, since: 0 };
    expect(afterThrottling(rate, NOW, { ...call, grantedInLastSecond: 20 }).perSecond).toBe(20);
  });

  it("does not fall below one call a second", () => {
    expect(afterThrottling({ perSecond: 1, since: 0 }, NOW, call).perSecond).toBe(1);
  });

  it("doubles in three seconds without throttling", () => {
    const rate: LearnedRate = { perSecond: 20, since: NOW };
    expect([0, 3, 6, 30].map((seconds) => rateAt(rate, NOW + seconds * SECOND))).toEqual([20, 40, 80, 20_480]);
  });

  it("after a long pause is that of the calls that were throttled, not what it has grown to", () => {
    const rate: LearnedRate = { perSecond: 20, since: 0 };
    const hour = 3600 * SECOND;
    const throttled = { sentAt: hour - 100, inFlight: 2, grantedInLastSecond: 1 };
    expect(afterThrottling(rate, hour, throttled).perSecond).toBe(10);
  });

  it("is a number above zero whatever happens", () => {
    const throttled = fc.record({
      wait: fc.nat(1e9),
      took: fc.nat(10_000),
      inFlight: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(throttled, { maxLength: 50 }), (calls) => {
        let now = 0;
        let rate = UNLIMITED;
        for (const { wait, took, inFlight } of calls) {
          now += wait;
          rate = afterThrottling(rate, now, { sentAt: now - took, inFlight, grantedInLastSecond: 0 });
          expect(rateAt(rate, now)).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 100 },
    );
  });
});
