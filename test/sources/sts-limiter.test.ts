import { describe, expect, it } from "vitest";
import { Flight } from "../../src/session/flight.js";
import { StsLimiter } from "../../src/sources/sts-limiter.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the limiter in front of STS", () => {
  it("runs only a limited number of calls at a time", async () => {
    const limiter = new StsLimiter(25, () => 0);
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 250 }, () =>
        limiter.run(new Flight(), async () => {
          most = Math.max(most, ++running);
          await turn();
          running--;
        }),
      ),
    );
    expect(most).toBe(25);
    expect([limiter.inFlight, limiter.queued]).toEqual([0, 0]);
  });

  it("runs waiting callers before background refreshes, even if the caller comes later", async () => {
    const limiter = new StsLimiter(1, () => 0);
    const order: string[] = [];
    const run = (name: string, flight: Flight) => limiter.run(flight, async () => order.push(name));
    const urgent = new Flight();
    urgent.raise();
    const joinedLater = new Flight();
    const block = limiter.run(new Flight(), turn);
    const all = [block, run("background", new Flight()), run("joined", joinedLater), run("urgent", urgent)];
    joinedLater.raise();
    await Promise.all(all);
    expect(order).toEqual(["urgent", "joined", "background"]);
  });

  it("runs a caller's second attempt before first attempts, and background refreshes last", async () => {
    const limiter = new StsLimiter(1, () => 0);
    const order: string[] = [];
    const run = (name: string, flight: Flight, isRetry: boolean) =>
      limiter.run(flight, async () => order.push(name), { isRetry });
    const becomesUrgent = new Flight();
    const all = [
      limiter.run(new Flight(), turn),
      run("background, again", new Flight(), true),
      run("became urgent, again", becomesUrgent, true),
      run("first", new Flight().raise(), false),
      run("again", new Flight().raise(), true),
    ];
    becomesUrgent.raise();
    await Promise.all(all);
    expect(order).toEqual(["again", "became urgent, again", "first", "background, again"]);
  });

  it("halves its concurrency on throttling, down to 1, and adds one for every ten successes", () => {
    const limiter = new StsLimiter(25, () => 0);
    const concurrencyAfter = (step: () => void, times = 1) => {
      for (let time = 0; time < times; time++) step();
      return limiter.concurrency;
    };
    expect(concurrencyAfter(() => limiter.noteThrottling())).toBe(12);
    expect(concurrencyAfter(() => limiter.noteSuccess(), 9)).toBe(12);
    expect(concurrencyAfter(() => limiter.noteSuccess())).toBe(13);
    expect(concurrencyAfter(() => limiter.noteThrottling(), 10)).toBe(1);
    expect(concurrencyAfter(() => limiter.noteSuccess(), 1000)).toBe(25);
  });

  it("removes a queued call if its flight ends", async () => {
    const limiter = new StsLimiter(1, () => 0);
    const block = limiter.run(new Flight(), turn);
    const ended = new Flight();
    let ran = false;
    const call = expect(
      limiter.run(ended, async () => {
        ran = true;
      }),
    ).rejects.toThrow("closed");
    ended.abort(new Error("closed"));
    await call;
    await block;
    expect(ran).toBe(false);
  });
});
