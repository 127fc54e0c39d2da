import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { blocksOf, fileNameOf } from "../docs/code-blocks.js";
import { packed, runNode } from "./consumer.js";

const PROGRAM = "try-it.mjs";

it("the program in docs/getting-started.md runs unchanged and prints what the page shows", async () => {
  const blocks = blocksOf("docs/getting-started.md");
  const program = blocks.findIndex((block) => fileNameOf(block) === PROGRAM);
  const printed = blocks[program + 1];
  expect(printed?.language).toBe("text");
  await writeFile(join(packed.consumer, PROGRAM), blocks[program]?.text ?? "");

  const { code, stdout } = await runNode([PROGRAM]);

  expect({ code, stdout }).toEqual({ code: 0, stdout: printed?.text });
});
