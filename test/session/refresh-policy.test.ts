import { describe, expect, it } from "vitest";
import {
  advisoryWindow,
  backoffAfter,
  believedLife,
  certainlyElapsed,
  drawAdvisoryPoint,
  elapsedBetween,
  freshnessOf,
  holdAfterRefusal,
  INSTANCE_PROFILE_RULES,
  lifeUntil,
  nextLook,
  ROLE_RULES,
} from "../../src/session/refresh-policy.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("advisory window", () => {
  it.each([
    ["15 min", 15 * MINUTE, 5 * MINUTE],
    ["20 min", 20 * MINUTE, 5 * MINUTE],
    ["just over 20 min", 20 * MINUTE + 1, 10 * MINUTE + 0.5],
    ["1 h", HOUR, 15 * MINUTE],
    ["just under 90 min", 90 * MINUTE - 1, 15 * MINUTE],
    ["90 min", 90 * MINUTE, 45 * MINUTE],
    ["12 h", 12 * HOUR, HOUR],
    ["4 min, which is half of it", 4 * MINUTE, 2 * MINUTE],
  ])("for a lifetime of %s", (_, life, window) => {
    expect(advisoryWindow(life)).toBe(window);
  });

  it("is the option's value if set, but at most half the lifetime", () => {
    expect(advisoryWindow(HOUR, 7 * MINUTE)).toBe(7 * MINUTE);
    expect(advisoryWindow(HOUR, 2 * HOUR)).toBe(30 * MINUTE);
  });
});

describe("advisory point", () => {
  it("is in the first half of the window", () => {
    expect(drawAdvisoryPoint(HOUR, ROLE_RULES, 0)).toBe(45 * MINUTE);
    expect(drawAdvisoryPoint(HOUR, ROLE_RULES, 0.5)).toBe(48.75 * MINUTE);
    expect(drawAdvisoryPoint(HOUR, ROLE_RULES, 1)).toBe(52.5 * MINUTE);
  });

  it("is never for credentials that do not expire", () => {
    expect(drawAdvisoryPoint(Number.POSITIVE_INFINITY, ROLE_RULES, 0.5)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is an hour or less for the instance profile", () => {
    expect(drawAdvisoryPoint(6 * HOUR, INSTANCE_PROFILE_RULES, 0.5)).toBe(HOUR);
    expect(drawAdvisoryPoint(Number.POSITIVE_INFINITY, INSTANCE_PROFILE_RULES, 0.5)).toBe(HOUR);
  });
});

describe("freshness", () => {
  const session = { wall: 0, monotonic: 0, life: HOUR, advisoryPoint: 45 * MINUTE };

  it.each([
    [0, "fresh"],
    [45 * MINUTE - 1, "fresh"],
    [45 * MINUTE, "refresh-advised"],
    [HOUR - 10 * SECOND - 1, "refresh-advised"],
    [HOUR - 10 * SECOND, "expired"],
    [HOUR, "expired"],
  ])("at an age of %i ms of one hour is %s", (age, state) => {
    expect(freshnessOf(session, { wall: age, monotonic: age })).toBe(state);
  });

  it.each([
    [
      "the wall clock stepped forward a day: due for refresh but not expired",
      { wall: 24 * HOUR, monotonic: MINUTE },
      "refresh-advised",
    ],
    ["the wall clock stepped back a day", { wall: -24 * HOUR, monotonic: MINUTE }, "fresh"],
    [
      "the wall clock stepped back a day, but the monotonic clock says expired",
      { wall: -24 * HOUR, monotonic: HOUR },
      "expired",
    ],
  ])("if the clocks disagree: %s", (_, now, state) => {
    expect(freshnessOf(session, now)).toBe(state);
  });
});

describe("elapsed time", () => {
  const from = { wall: 1000, monotonic: 50 };

  it("is at most the larger difference of the two clocks", () => {
    expect(elapsedBetween(from, { wall: 3000, monotonic: 60 })).toBe(2000);
    expect(elapsedBetween(from, { wall: 900, monotonic: 80 })).toBe(30);
  });

  it("is at least the difference of the monotonic clock", () => {
    expect(certainlyElapsed(from, { wall: 3000, monotonic: 60 })).toBe(10);
    expect(certainlyElapsed(from, { wall: 900, monotonic: 80 })).toBe(30);
  });
});

describe("lifetime", () => {
  it("is calculated from the first time that leaves a usable lifetime", () => {
    expect(lifeUntil(HOUR, 10 * MINUTE, 20 * MINUTE)).toBe(50 * MINUTE);
    expect(lifeUntil(HOUR, undefined, 20 * MINUTE)).toBe(40 * MINUTE);
    expect(lifeUntil(HOUR, 2 * HOUR, 20 * MINUTE)).toBe(40 * MINUTE);
    expect(lifeUntil(HOUR, HOUR - 10 * SECOND, HOUR)).toBeUndefined();
    expect(lifeUntil(HOUR, undefined)).toBeUndefined();
  });
});

describe("waits", () => {
  it("back off exponentially with full jitter up to 60 s", () => {
    expect([1, 2, 3, 7, 50].map((failures) => backoffAfter(failures, HOUR, 1))).toEqual([
      SECOND,
      2 * SECOND,
      4 * SECOND,
      MINUTE,
      MINUTE,
    ]);
    expect(backoffAfter(3, HOUR, 0.25)).toBe(SECOND);
    expect(backoffAfter(3, HOUR, 0)).toBe(0);
  });

  it("leave room for attempts in the rest of the lifetime", () => {
    expect(backoffAfter(10, 100 * SECOND, 1)).toBe(25 * SECOND);
    expect(backoffAfter(10, -5, 1)).toBe(0);
  });

  it("remember a denial for 1 s, growing to 60 s", () => {
    expect([1, 2, 6, 7, 100].map(holdAfterRefusal)).toEqual([SECOND, 2 * SECOND, 32 * SECOND, MINUTE, MINUTE]);
  });

  it("read a repeated set again in 5 to 10 minutes, or sooner near its expiry", () => {
    expect(nextLook(HOUR, 0)).toBe(5 * MINUTE);
    expect(nextLook(HOUR, 1)).toBe(10 * MINUTE);
    expect(nextLook(4 * MINUTE, 0)).toBe(MINUTE);
    expect(nextLook(-1, 0)).toBe(5 * MINUTE);
  });
});

it("a lifetime is limited to the longest one that STS grants", () => {
  expect(believedLife(200 * HOUR)).toBe(12 * HOUR);
  expect(believedLife(HOUR)).toBe(HOUR);
  expect(believedLife(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});
