import { expect, it } from "vitest";
import { boundedCache } from "../src/bounded-cache.js";

it("evicts the entry that was used longest ago once it is full", () => {
  const evicted: [string, string][] = [];
  const cache = boundedCache<string>(2, (_value, key, reason) => evicted.push([key, reason]));
  cache.set("first", "a").set("second", "b");
  cache.get("first");
  cache.set("third", "c");
  expect([...cache.keys()]).toEqual(["third", "first"]);
  expect(evicted).toEqual([["second", "evict"]]);
});

it("replaces a value without evicting another one", () => {
  const evicted: string[] = [];
  const cache = boundedCache<string>(2, (_value, key, reason) => reason === "evict" && evicted.push(key));
  cache.set("first", "a").set("second", "b").set("first", "c");
  expect([...cache]).toEqual([
    ["first", "c"],
    ["second", "b"],
  ]);
  expect(evicted).toEqual([]);
});

it("allocates no memory for entries that it does not hold", () => {
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const cache = boundedCache<string>(1_000_000);
  expect(used() - before).toBeLessThan(1_000_000); // two arrays of a million places take 16 MB
  expect(cache.size).toBe(0);
});
