import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A register or a stack frame can keep an object through one collection. A leak survives all of them. */
const COLLECTIONS = 20;

/** The number of objects that survive garbage collection. */
export async function countRetained(references: readonly WeakRef<object>[]): Promise<number> {
  let retained = 0;
  for (let collection = 0; collection < COLLECTIONS; collection++) {
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef keeps its target until the end of the turn
    collectGarbage();
    retained = new Set(references.map((reference) => reference.deref()).filter((target) => target !== undefined)).size;
    if (retained === 0) break;
  }
  return retained;
}
