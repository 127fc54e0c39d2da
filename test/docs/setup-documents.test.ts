import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runRolecall } from "../cli/run-rolecall.js";

const page = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "docs", "aws-setup.md");
const folder = mkdtempSync(join(tmpdir(), "rolecall-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The page's blocks, each with language and text. */
const blocks = [...readFileSync(page, "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", text = ""]) => ({ language, text }),
);

const COMMAND = /^npx aws-rolecall (policy .*?)(?: > \S+)?$/m;

/** Splits a shell line into words. */
function toWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** Does what the shell would do with a block: writes the file in it, then runs the command. */
async function run(text: string) {
  const [, name, content] = /^cat > (\S+) <<'JSON'\n([\s\S]*?)^JSON$/m.exec(text) ?? [];
  if (name !== undefined) writeFileSync(join(folder, name), content ?? "");
  const words = toWords(COMMAND.exec(text)?.[1] ?? "");
  return runRolecall(words.map((word) => (word === "instance.json" ? join(folder, word) : word)));
}

const commands = blocks.flatMap(({ text }, index) => (COMMAND.test(text) ? [{ text, next: blocks[index + 1] }] : []));

describe("docs/aws-setup.md", () => {
  it("shows a command for each document on the page", () => {
    const documents = blocks.filter(({ language }) => ["json", "hcl", "yaml"].includes(language));
    expect(documents.length).toBeGreaterThan(8);
    expect(documents.filter((document) => !commands.some(({ next }) => next === document))).toEqual([]);
  });

  // In page order, because a file that one block writes is read by the next block.
  it("shows the output of its commands", async () => {
    for (const { text, next } of commands) {
      const { code, output } = await run(text);
      expect({ text, code }).toEqual({ text, code: 0 });
      if (next && next.language !== "sh") expect({ text, output }).toEqual({ text, output: next.text });
    }
  });
});
