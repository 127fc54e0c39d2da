import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** One collection may leave what a register or a compiled function's frame still names; a leak outlasts them all. */
const COLLECTIONS = 20;

/** How many of them garbage collections leave. */
export async function countRetained(references: readonly WeakRef<object>[]): Promise<number> {
  let retained = 0;
  for (let collection = 0; collection < COLLECTIONS; collection++) {
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds its target until the turn ends
    collectGarbage();
    retained = new Set(references.map((reference) => reference.deref()).filter((target) => target !== undefined)).size;
    if (retained === 0) break;
  }
  return retained;
}
