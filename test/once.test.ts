import { expect, it } from "vitest";
import { once } from "../src/once.js";

it("runs at the first call, for all concurrent callers, and remembers success", async () => {
  let runs = 0;
  const task = once(async () => ++runs);
  expect(await Promise.all([task(), task()])).toEqual([1, 1]);
  expect(await task()).toBe(1);
});

it("does not remember a failure", async () => {
  let runs = 0;
  const task = once(async () => {
    if (++runs === 1) throw new Error("first");
    return runs;
  });
  await expect(task()).rejects.toThrow("first");
  expect(await task()).toBe(2);
});
