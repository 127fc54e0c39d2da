import { entries } from "./entries.js";
import { openLab } from "./lab.js";
import { type FuzzCase, judgeCase, strays, type Verdict } from "./observe.js";
import { briefly } from "./oracles.js";

/** A case from the parent process. */
export interface Question extends FuzzCase {
  readonly entry: string;
}

process.on("unhandledRejection", (reason) => strays.push(reason));
process.on("uncaughtException", (error) => strays.push(error));
process.on("disconnect", () => process.exit());

const lab = await openLab();

async function answer({ entry, ...given }: Question): Promise<Verdict> {
  const target = entries.find(({ name }) => name === entry);
  if (!target) return { outcome: "unknown", problems: [`there is no entry ${entry}`] };
  try {
    return await judgeCase(lab, target, given);
  } catch (error) {
    return { outcome: "not judged", problems: [`the fuzzer itself failed: ${briefly(error)}`] };
  }
}

process.on("message", async (question: Question) => {
  process.send?.(await answer(question));
});
process.send?.("ready");
