import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use on this thread's heap after garbage collection. Workers have their own heaps. */
export async function collectedHeap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    // Objects that finalizers and weak references release are freed at the next collection.
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}
