import { readFile } from "node:fs/promises";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createManualClock, startLocalAws } from "../../src/testing/index.js";
import { stsAs, USER } from "./requests.js";

const START = Date.UTC(2026, 0, 1);

describe("a manual clock", () => {
  it("starts at its documented time", () => {
    const clock = createManualClock();
    expect([clock.now(), clock.random(), clock.env, clock.hostname()]).toEqual([START, 0.5, {}, "localhost"]);
    expect(clock.monotonic()).toBe(clock.monotonic());
  });

  it("starts with the given options", () => {
    const clock = createManualClock({ now: 5, random: () => 0.25, env: { AWS_REGION: "eu-west-1" }, hostname: "h" });
    expect([clock.now(), clock.random(), clock.env.AWS_REGION, clock.hostname()]).toEqual([5, 0.25, "eu-west-1", "h"]);
    clock.setRandom(() => 0.75);
    expect(clock.random()).toBe(0.75);
  });

  it("fires tasks and sleeps in time order, each at its own time on both clocks", async () => {
    const clock = createManualClock({ now: 0 });
    const origin = clock.monotonic();
    const fired: [string, number, number][] = [];
    const note = (name: string) => fired.push([name, clock.now(), clock.monotonic() - origin]);
    clock.schedule(300, () => note("c"));
    clock.schedule(100, () => note("a"));
    const slept = clock.sleep(200).then(() => note("b"));
    clock.schedule(200, () => note("b2"));
    clock.schedule(1001, () => note("later"));
    await clock.advance(1000);
    await slept;
    expect(fired).toEqual([
      ["a", 100, 100],
      ["b", 200, 200],
      ["b2", 200, 200],
      ["c", 300, 300],
    ]);
    expect([clock.now(), clock.monotonic() - origin, clock.pendingTimers]).toEqual([1000, 1000, 1]);
  });

  it("fires timers that fired tasks start within the advanced time", async () => {
    const clock = createManualClock({ now: 0 });
    const fired: number[] = [];
    const again = () => {
      fired.push(clock.now());
      clock.schedule(100, again);
    };
    clock.schedule(100, again);
    const loop = (async () => {
      for (let round = 0; round < 3; round++) await clock.sleep(30);
      fired.push(clock.now());
    })();
    await clock.advance(350);
    await loop;
    expect(fired).toEqual([90, 100, 200, 300]);
    expect(clock.pendingTimers).toBe(1);
  });

  it("lets an SDK call to a local AWS finish between two timers", async () => {
    const clock = createManualClock();
    await using aws = await startLocalAws({ clock });
    const sts = stsAs(aws, aws.issueUserKeys({ userArn: USER }));
    const answeredAt: number[] = [];
    clock.schedule(1000, () => {
      void sts.send(new GetCallerIdentityCommand({})).then(() => answeredAt.push(clock.now() - START));
    });
    clock.schedule(2000, () => undefined);
    await clock.advance(5000);
    expect(answeredAt).toEqual([1000]);
    expect(aws.requests.map(({ time }) => time - START)).toEqual([1000]);
  });

  it("sees timers that running code starts before time passes", async () => {
    const clock = createManualClock({ now: 0 });
    const done = (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.sleep(100);
      return clock.now();
    })();
    await clock.advance(100);
    expect(await done).toBe(100);
  });

  it("waits for file reads even on a busy machine", async () => {
    const clock = createManualClock();
    let time = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      time += 1000;
      return time;
    });
    onTestFinished(() => void vi.restoreAllMocks());
    let read = false;
    void readFile(new URL(import.meta.url)).then(() => {
      read = true;
    });
    await clock.settle();
    expect(read).toBe(true);
  });

  it("steps only the wall clock, without firing timers", async () => {
    const clock = createManualClock({ now: 10_000 });
    const monotonic = clock.monotonic();
    let fired = 0;
    clock.schedule(50, () => fired++);
    clock.stepWallClock(-5000);
    clock.stepWallClock(7_200_000);
    await clock.settle();
    expect([clock.now(), clock.monotonic(), fired]).toEqual([7_205_000, monotonic, 0]);
    await clock.advance(50);
    expect([clock.now(), fired]).toEqual([7_205_050, 1]);
  });

  it("freezes without firing timers, and fires due timers at the next advance", async () => {
    const clock = createManualClock({ now: 0 });
    const fired: number[] = [];
    clock.schedule(100, () => fired.push(clock.now()));
    clock.freeze(3_600_000);
    await clock.settle();
    expect([fired, clock.now(), clock.monotonic()]).toEqual([[], 3_600_000, 3_600_000]);
    await clock.advance(0);
    expect([fired, clock.now()]).toEqual([[3_600_000], 3_600_000]);
  });

  it("cancels a task, and ignores the cancellation of a fired one", async () => {
    const clock = createManualClock();
    let fired = 0;
    const cancel = clock.schedule(10, () => fired++);
    const cancelLate = clock.schedule(5, () => fired++);
    cancel();
    cancel();
    await clock.advance(100);
    cancelLate();
    expect([fired, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("rejects an aborted sleep at once with the reason, and leaves no timer", async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const reason = new Error("enough");
    const sleep = clock.sleep(1000, controller.signal);
    expect(clock.pendingTimers).toBe(1);
    controller.abort(reason);
    await expect(sleep).rejects.toBe(reason);
    await expect(clock.sleep(1000, controller.signal)).rejects.toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ignores an abort after a sleep has ended", async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const sleep = clock.sleep(10, controller.signal);
    await clock.advance(10);
    controller.abort();
    await expect(sleep).resolves.toBeUndefined();
  });

  it("runs overlapping advances one after the other", async () => {
    const clock = createManualClock({ now: 0 });
    const fired: number[] = [];
    clock.schedule(15, () => fired.push(clock.now()));
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect([clock.now(), fired]).toEqual([20, [15]]);
  });

  it("rejects advance() with the error of a task, and can continue", async () => {
    const clock = createManualClock({ now: 0 });
    clock.schedule(10, () => {
      throw new Error("task failed");
    });
    await expect(clock.advance(100)).rejects.toThrow("task failed");
    expect(clock.now()).toBe(10);
    await clock.advance(90);
    expect(clock.now()).toBe(100);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("rejects an advance of %s ms", async (ms) => {
    const clock = createManualClock();
    await expect(clock.advance(ms)).rejects.toThrow(RangeError);
    expect(() => clock.freeze(ms)).toThrow(RangeError);
  });

  it("keeps ten thousand timers in order", async () => {
    const clock = createManualClock({ now: 0 });
    let last = 0;
    let ordered = true;
    for (let index = 0; index < 10_000; index++) {
      clock.schedule((index * 7919) % 1000, () => {
        ordered &&= clock.now() >= last;
        last = clock.now();
      });
    }
    expect(clock.pendingTimers).toBe(10_000);
    await clock.advance(1000);
    expect([ordered, clock.pendingTimers]).toEqual([true, 0]);
  });
});
