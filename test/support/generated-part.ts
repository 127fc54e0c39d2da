import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

/** A part of a page in docs that a test writes: between `<!-- name: written by … -->` and `<!-- end of name -->`. */
export interface GeneratedPart {
  readonly page: string;
  readonly name: string;
}

/** The part stands in its page as it was measured. `ROLECALL_WRITE_DOCS=1` writes it instead. */
export function expectGenerated({ page, name }: GeneratedPart, text: string): void {
  const path = join(DOCS, page);
  const content = readFileSync(path, "utf8");
  const [before, begin, old, end] = partsOf(content, name);
  if (old === undefined) throw new Error(`${page} has no place for "${name}".`);
  const measured = `\n${text.trim()}\n\n`;
  if (process.env.ROLECALL_WRITE_DOCS !== "1") expect(old).toBe(measured);
  else
    writeFileSync(
      path,
      content.replace(`${before}${begin}${old}${end}`, () => `${before}${begin}${measured}${end}`),
    );
}

function partsOf(content: string, name: string): string[] {
  const [, ...parts] =
    new RegExp(`^([^]*?)(<!-- ${name}: written by \\S+ -->\\n)([^]*?)(<!-- end of ${name} -->)`).exec(content) ?? [];
  return parts;
}

/** A table of Markdown. */
export function markdownTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|").replaceAll("<", "&lt;")).join(" | ")} |\n`;
  return `${line(head)}|${head.map(() => "---|").join("")}\n${rows.map(line).join("")}`;
}
