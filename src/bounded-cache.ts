import { LRUCache } from "lru-cache";

type Value = object | string | true;
export type BoundedCache<V extends Value> = LRUCache<string, V>;

const countsAsOne = () => 1;

/**
 * A cache of at most `max` entries, which evicts the one that was used longest ago. It grows as it fills: with its own
 * `max`, lru-cache would allocate every place in advance, which takes each new process a millisecond or two.
 */
export function boundedCache<V extends Value>(max: number, dispose?: LRUCache.Disposer<string, V>): BoundedCache<V> {
  return new LRUCache({ maxSize: max, sizeCalculation: countsAsOne, ...(dispose && { dispose }) });
}
