import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { onAbort, raceAbort, withDeadline } from "../src/abort.js";
import { createManualClock } from "../src/testing/index.js";

it("onAbort leaves no listener behind once its task is unregistered or has run", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const ran: number[] = [];
  const takeBack = Array.from({ length: 1000 }, (_, task) => onAbort(signal, () => ran.push(task)));
  for (const take of takeBack) take();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);

  const first = onAbort(signal, () => ran.push(1));
  onAbort(signal, () => ran.push(2));
  first();
  controller.abort();
  expect(ran).toEqual([2]);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

it("onAbort's tasks can unregister each other while they run", () => {
  const controller = new AbortController();
  const ran: string[] = [];
  const tasks = ["first", "second"].map((name) =>
    onAbort(controller.signal, () => {
      ran.push(name);
      for (const take of tasks) take();
    }),
  );
  controller.abort();
  expect(ran[0]).toBe("first");
});

it("raceAbort settles like the promise, or rejects with the signal's reason if the signal aborts first", async () => {
  const { signal } = new AbortController();
  await expect(raceAbort(Promise.resolve(7), signal)).resolves.toBe(7);
  await expect(raceAbort(Promise.reject(new Error("own")), signal)).rejects.toThrow("own");
  await expect(raceAbort(new Promise(() => {}), AbortSignal.abort("reason"))).rejects.toBe("reason");
  await expect(raceAbort(Promise.resolve(7), undefined)).resolves.toBe(7);
});

it("withDeadline aborts its task at the deadline, rejects with the reason and leaves no timer", async () => {
  const runtime = createManualClock();
  let seen: AbortSignal | undefined;
  const late = withDeadline({ runtime, ms: 100, reason: () => new Error("too late") }, (signal) => {
    seen = signal;
    return new Promise(() => {});
  });
  const outcome = expect(late).rejects.toThrow("too late");
  await runtime.advance(99);
  expect(seen?.aborted).toBe(false);
  await runtime.advance(1);
  await outcome;
  expect(seen?.aborted).toBe(true);
  await expect(withDeadline({ runtime, ms: 100, reason: () => new Error("too late") }, () => "at once")).resolves.toBe(
    "at once",
  );
  expect(runtime.pendingTimers).toBe(0);
});

it("withDeadline also stops when the caller's signal aborts", async () => {
  const runtime = createManualClock();
  const signal = AbortSignal.abort("closed");
  const call = withDeadline(
    { runtime, ms: 100, reason: () => new Error("too late"), signal },
    () => new Promise(() => {}),
  );
  await expect(call).rejects.toBe("closed");
  expect(runtime.pendingTimers).toBe(0);
});
