import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runRolecall } from "../cli/run-rolecall.js";
import { blocksOf } from "./code-blocks.js";

const folder = mkdtempSync(join(tmpdir(), "rolecall-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const COMMAND = /^npx aws-rolecall (policy .*?)(?: > \S+)?$/m;

/** Splits a shell line into words. */
function toWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** Writes the file in a block, as the shell would. */
function writeFileOf(text: string): void {
  const [, name, content] = /^cat > (\S+) <<'JSON'\n([\s\S]*?)^JSON$/m.exec(text) ?? [];
  if (name !== undefined) writeFileSync(join(folder, name), content ?? "");
}

async function run(text: string) {
  const words = toWords(COMMAND.exec(text)?.[1] ?? "");
  return runRolecall(words.map((word) => (/^(instance|commands)\.json$/.test(word) ? join(folder, word) : word)));
}

describe.each([
  ["docs/aws-setup.md", 8],
  ["docs/central-role.md", 5],
])("%s", (page, leastDocuments) => {
  const blocks = blocksOf(page);
  const commands = blocks.flatMap(({ text }, index) => (COMMAND.test(text) ? [{ text, next: blocks[index + 1] }] : []));

  it("shows a command for each document on the page", () => {
    const documents = blocks.filter(({ language }) => ["json", "hcl", "yaml"].includes(language));
    expect(documents.length).toBeGreaterThan(leastDocuments);
    expect(documents.filter((document) => !commands.some(({ next }) => next === document))).toEqual([]);
  });

  // In page order, because a file that one block writes is read by the next block.
  it("shows the output of its commands", async () => {
    for (const [index, { text }] of blocks.entries()) {
      writeFileOf(text);
      if (!COMMAND.test(text)) continue;
      const next = blocks[index + 1];
      const { code, output } = await run(text);
      expect({ text, code }).toEqual({ text, code: 0 });
      if (next && next.language !== "sh") expect({ text, output }).toEqual({ text, output: next.text });
    }
  });
});
