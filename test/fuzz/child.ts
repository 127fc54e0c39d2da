import { entries } from "./entries.js";
import { openLab } from "./lab.js";
import { type FuzzCase, judgeCase, strays } from "./observe.js";

/** A case as the parent process sends it. */
export interface Question extends FuzzCase {
  readonly entry: string;
}

process.on("unhandledRejection", (reason) => strays.push(reason));
process.on("uncaughtException", (error) => strays.push(error));
process.on("disconnect", () => process.exit());

const lab = await openLab();

process.on("message", async ({ entry, ...given }: Question) => {
  const target = entries.find(({ name }) => name === entry);
  if (!target) throw new Error(`There is no entry ${entry}`);
  process.send?.(await judgeCase(lab, target, given));
});
process.send?.("ready");
