import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RefreshTimer } from "../../src/session/refresh-timer.js";
import { createManualClock } from "../../src/testing/index.js";

const SECOND = 1000;

function setUp() {
  const clock = createManualClock();
  const timer = new RefreshTimer(clock);
  const fired: string[] = [];
  const session = (name: string) => ({ refreshAhead: () => void fired.push(`${name} at ${clock.monotonic()}`) });
  return { clock, timer, fired, session };
}

describe("one timer for all", () => {
  it("calls each in its second, in the order of time, and is gone then", async () => {
    const { clock, timer, fired, session } = setUp();
    timer.set(session("late"), 9.2 * SECOND);
    timer.set(session("early"), 2 * SECOND);
    timer.set(session("with early"), 1.5 * SECOND);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(5 * SECOND);
    expect(fired).toEqual(["early at 2000", "with early at 2000"]);
    await clock.advance(5 * SECOND);
    expect(fired.slice(2)).toEqual(["late at 10000"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("calls nobody who was taken back, and is gone with the last one", async () => {
    const { clock, timer, fired, session } = setUp();
    const [one, other] = [session("one"), session("other")];
    const ticks = [timer.set(one, 3 * SECOND), timer.set(other, 3 * SECOND)] as const;
    timer.delete(one, ticks[0]);
    timer.delete(one, ticks[0]);
    timer.delete(one, -1);
    expect(clock.pendingTimers).toBe(1);
    timer.delete(other, ticks[1]);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(5 * SECOND);
    expect(fired).toEqual([]);
  });

  it("takes one that is set while it calls", async () => {
    const { clock, timer, fired, session } = setUp();
    const again = session("again");
    timer.set({ refreshAhead: () => void timer.set(again, SECOND) }, SECOND);
    await clock.advance(SECOND);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(SECOND);
    expect(fired).toEqual(["again at 2000"]);
  });

  it("calls those late who were due while the process stood still", async () => {
    const { clock, timer, fired, session } = setUp();
    for (const at of [1, 2, 50]) timer.set(session(`${at}`), at * SECOND);
    clock.freeze(10 * SECOND);
    await clock.advance(0);
    expect(fired).toEqual(["1 at 10000", "2 at 10000"]);
    await clock.advance(40 * SECOND);
    expect(fired.slice(2)).toEqual(["50 at 50000"]);
  });

  it("whatever is set and taken back, it calls the rest within a second, each once, and never early", async () => {
    const change = fc.record({
      delay: fc.integer({ min: 0, max: 20_000 }),
      wait: fc.integer({ min: 0, max: 3000 }),
      taken: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 20 }), async (changes) => {
        const { clock, timer } = setUp();
        const calls: { due: number; at: number[]; taken: boolean }[] = [];
        for (const { delay, wait, taken } of changes) {
          const call = { due: clock.monotonic() + delay, at: [] as number[], taken };
          calls.push(call);
          const session = { refreshAhead: () => void call.at.push(clock.monotonic()) };
          const tick = timer.set(session, delay);
          if (taken) timer.delete(session, tick);
          await clock.advance(wait);
        }
        await clock.advance(30 * SECOND);
        for (const { due, at, taken } of calls) {
          expect(at).toHaveLength(taken ? 0 : 1);
          for (const moment of at) expect(moment - due).toBeGreaterThanOrEqual(0);
          for (const moment of at) expect(moment - due).toBeLessThan(SECOND);
        }
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
