import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use on this thread's heap after all that nobody holds is collected. Workers have heaps of their own. */
export async function collectedHeap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    // What finalizers and weak references let go of is free at the next collection.
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}
