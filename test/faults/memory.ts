import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** How many of them a garbage collection leaves. */
export async function countRetained(references: readonly WeakRef<object>[]): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds its target until the turn ends
  collectGarbage();
  return new Set(references.map((reference) => reference.deref()).filter((target) => target !== undefined)).size;
}
