import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const project = fileURLToPath(new URL("../../", import.meta.url));
export const read = (path: string) => readFileSync(join(project, path), "utf8");
export const filesOf = (folder: string, ending: RegExp) =>
  readdirSync(join(project, folder))
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name}`);

/** Pages for readers. The API reference is not included: it is generated, and its examples are in the source. */
export const pages = ["README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", ...filesOf("docs", /\.md$/)];

export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export const place = ({ page, line }: Block) => `${page}:${line}`;

export function blocksOf(page: string): Block[] {
  const found: Block[] = [];
  let open: { line: number; language: string; text: string } | undefined;
  for (const [index, line] of read(page).split("\n").entries()) {
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (open && fence) {
      found.push({ page, ...open });
      open = undefined;
    } else if (open) {
      open.text += `${line}\n`;
    } else if (fence) {
      open = { line: index + 1, language: fence[1] ?? "", text: "" };
    }
  }
  return found;
}

const FILE_NAME = /^\/\/ ([\w.-]+\.(?:ts|mjs|js))\n/;
const IMPORT = /^import (type )?(?:\{([^}]*)\} from )?("[^"]+");\n/gm;

/** The file that a block starts: its first line is a comment with only the file name. */
export function fileNameOf({ text }: Block): string | undefined {
  return FILE_NAME.exec(text)?.[1];
}

/** A block's code without the lines that an editor keeps at the top of a file. */
export function bodyOf({ text }: Block): string {
  return text.replace(FILE_NAME, "").replace(IMPORT, "").trimStart();
}

/** What a reader has after pasting the blocks of a page in order. */
export interface PageModule {
  readonly page: string;
  readonly file: string;
  readonly text: string;
}

/**
 * The modules of a page. A block continues the previous one unless its first line names another file. Imports move to
 * the top, and a name that is imported twice from the same module is imported once, as an editor does it. Nothing else
 * is merged: a duplicate declaration is an error.
 */
export function modulesOf(page: string): PageModule[] {
  const files = new Map<string, Block[]>();
  let file = "page.ts";
  for (const block of blocksOf(page)) {
    const named = fileNameOf(block);
    if (block.language !== "ts" && named === undefined) continue;
    file = named ?? file;
    files.set(file, [...(files.get(file) ?? []), block]);
  }
  return [...files].map(([name, blocks]) => ({ page, file: name, text: joined(blocks) }));
}

function joined(blocks: readonly Block[]): string {
  const imports = new Map<string, Set<string>>();
  for (const { text } of blocks) {
    for (const [, type = "", names = "", from = ""] of text.matchAll(IMPORT)) {
      const known = imports.get(from) ?? new Set();
      for (const name of names.split(",").map((one) => one.trim())) if (name !== "") known.add(`${type}${name}`);
      imports.set(from, known);
    }
  }
  const lines = [...imports].map(([from, names]) => {
    const once = [...names].filter((name) => !names.has(name.replace(/^type /, "")) || !name.startsWith("type "));
    return `import { ${once.join(", ")} } from ${from};\n`;
  });
  return [...lines, ...blocks.map(bodyOf)].join("\n");
}
