import { describe, expect, it } from "vitest";
import { type Runtime, systemRuntime } from "../../src/runtime.js";
import { Flight } from "../../src/session/flight.js";
import { StsLimiter } from "../../src/sources/sts-limiter.js";
import { createManualClock } from "../../src/testing/index.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the limiter in front of STS", () => {
  it("runs only a limited number of calls at a time", async () => {
    const limiter = new StsLimiter(25, createManualClock());
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
    const limiter = new StsLimiter(1, createManualClock());
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
    const limiter = new StsLimiter(1, createManualClock());
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

  it("removes a queued call if its flight ends", async () => {
    const limiter = new StsLimiter(1, createManualClock());
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

/** A limiter that STS has throttled down to one call a second, and the times at which calls started. */
async function setUpThrottled(runtime: Pick<Runtime, "monotonic" | "sleep">) {
  const limiter = new StsLimiter(25, runtime);
  const throttle = async () => limiter.noteThrottling(runtime.monotonic());
  await limiter.run(new Flight(), throttle);
  const began = runtime.monotonic();
  const starts: number[] = [];
  const run = (flight = new Flight()) =>
    limiter.run(flight, async () => void starts.push(Math.round(runtime.monotonic() - began)));
  return { limiter, throttle, starts, run };
}

describe("after throttling", () => {
  it("calls start one after another at the learned rate, which grows again", async () => {
    const clock = createManualClock();
    const { starts, run } = await setUpThrottled(clock);
    const calls = Promise.all(Array.from({ length: 6 }, () => run()));
    await clock.advance(100);
    expect(starts).toEqual([0, 20, 40, 60, 79, 99]);
    await calls;
  });

  it("a call that comes after a pause does not start too early after the one before", async () => {
    const clock = createManualClock();
    const { starts, run } = await setUpThrottled(clock);
    await run();
    await clock.advance(5);
    const second = run();
    await clock.advance(100);
    await second;
    await run();
    expect(starts).toEqual([0, 20, 105]);
  });

  it("a call that was sent before the last change of the rate does not lower it again", async () => {
    const clock = createManualClock();
    const { limiter, starts, run } = await setUpThrottled(clock);
    for (let call = 0; call < 10; call++) limiter.noteThrottling(0);
    const calls = [run(), run()];
    await clock.advance(20);
    await Promise.all(calls);
    expect(starts).toEqual([0, 20]);
  });

  it("the wait leaves no timer behind once nothing is queued", async () => {
    const clock = createManualClock();
    const { run } = await setUpThrottled(clock);
    await run();
    expect(clock.pendingTimers).toBe(0);
    const ended = new Flight();
    const call = expect(run(ended)).rejects.toThrow("closed");
    await clock.settle();
    expect(clock.pendingTimers).toBe(1);
    ended.abort(new Error("closed"));
    await call;
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });

  it("a call in the queue keeps the process alive, even if no call is in progress", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const { run } = await setUpThrottled(systemRuntime);
    await run();
    const before = timers();
    const queued = run();
    expect(timers()).toBe(before + 1);
    await queued;
  });
});

describe("the progress of the queue", () => {
  it("is the time of the last answer other than throttling, for those who wait in it", async () => {
    const clock = createManualClock();
    const limiter = new StsLimiter(1, clock);
    const [calling, waiting] = [new Flight(), new Flight()];
    const calls = [limiter.run(calling, () => clock.sleep(10)), limiter.run(waiting, () => clock.sleep(10))];
    await clock.advance(5);
    expect(limiter.progressedAt).toBe(Number.NEGATIVE_INFINITY);
    limiter.noteThrottling(0);
    expect(limiter.progressedAt).toBe(Number.NEGATIVE_INFINITY);
    limiter.noteAnswer();
    expect([limiter.progressedAt, waiting.progressedAt]).toEqual([5, 5]);
    expect(calling.progressedAt).toBe(Number.NEGATIVE_INFINITY);
    await clock.advance(2000);
    await Promise.all(calls);
    limiter.noteAnswer();
    expect([limiter.progressedAt, waiting.progressedAt]).toEqual([2005, 5]);
  });

  it("is not that of a call that was removed from it", async () => {
    const clock = createManualClock();
    const limiter = new StsLimiter(1, clock);
    const block = limiter.run(new Flight(), turn);
    const removed = new Flight();
    const stop = new AbortController();
    const call = expect(limiter.run(removed, turn, { signal: stop.signal })).rejects.toThrow("too late");
    stop.abort(new Error("too late"));
    await call;
    limiter.noteAnswer();
    expect(removed.progressedAt).toBe(Number.NEGATIVE_INFINITY);
    await block;
  });
});
