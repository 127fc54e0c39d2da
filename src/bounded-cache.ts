import { LRUCache } from "lru-cache";

type Value = object | string | true;
export type BoundedCache<V extends Value> = LRUCache<string, V>;

const countsAsOne = () => 1;

/**
 * Returns an LRU cache of at most `max` entries that allocates memory as it grows. The `max` option of lru-cache would
 * allocate all entries in advance, which takes a new process a millisecond or two.
 */
export function boundedCache<V extends Value>(max: number, dispose?: LRUCache.Disposer<string, V>): BoundedCache<V> {
  return new LRUCache({ maxSize: max, sizeCalculation: countsAsOne, ...(dispose && { dispose }) });
}
