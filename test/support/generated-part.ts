import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

/** A part of a docs page that a test writes: between `<!-- name: written by … -->` and `<!-- end of name -->`. */
export interface GeneratedPart {
  readonly page: string;
  readonly name: string;
}

/** Expects the page to contain the measured part. `ROLECALL_WRITE_DOCS=1` writes it instead. */
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

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => escaped(String(cell))).join(" | ")} |\n`;
  return `${line(head)}|${head.map(() => "---|").join("")}\n${rows.map(line).join("")}`;
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replace(/<(?!br>)/g, "&lt;");
}

/** A measured number that a page states as a bound. */
export interface Bound {
  readonly measured: number;
  readonly stated: number;
  readonly unit: string;
  /** A page that states more than twice the measured value is out of date. */
  readonly isClose: boolean;
}

/** Rounds a count up to the next multiple of ten, fifty or a hundred. Counts up to ten stay unchanged. */
export function countAtMost(measured: number): Bound {
  const step = measured <= 10 ? 1 : measured <= 200 ? 10 : measured <= 1000 ? 50 : 100;
  return { measured, stated: Math.ceil(measured / step) * step, unit: "", isClose: true };
}

const STATED_SECONDS = [0.5, 1, 2, 3, 5, 10, 12, 15, 20, 30, 60];

/** Rounds a time up to one of a few round numbers of seconds. */
export function secondsAtMost(milliseconds: number): Bound {
  const measured = milliseconds / 1000;
  const stated = STATED_SECONDS.find((seconds) => seconds >= measured) ?? Math.ceil(measured / 60) * 60;
  return { measured, stated, unit: " s", isClose: false };
}

export type Cell = string | Bound;

/**
 * Expects the page to contain the table, and every measured number to stay within the bound on the page. The first cell
 * names the row. Neighboring rows with equal cells share a row on the page. `ROLECALL_WRITE_DOCS=1` writes the table.
 */
export function expectTable(part: GeneratedPart, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  if (process.env.ROLECALL_WRITE_DOCS === "1") {
    expectGenerated(part, markdownTable(head, folded(rows)));
    return;
  }
  const [pageHead, , ...pageRows] = tableIn(part);
  expect(pageHead).toEqual(head.map(escaped));
  const pageCells = new Map(
    pageRows.flatMap(([names = "", ...cells]) =>
      names.split(NEXT_NAME).map((name): [string, string[]] => [name, cells]),
    ),
  );
  expect([...pageCells.keys()].toSorted()).toEqual(rows.map(([name = ""]) => escaped(printed(name))).toSorted());
  const differences = rows.flatMap(([name = "", ...cells]) => {
    const stated = pageCells.get(escaped(printed(name))) ?? [];
    return cells.flatMap((cell, index) =>
      holds(cell, stated[index] ?? "")
        ? []
        : [`${printed(name)}: ${head[index + 1]}: ${stated[index]}, not ${exactly(cell)}`],
    );
  });
  expect(differences, `docs/${part.page}`).toEqual([]);
}

const NEXT_NAME = "<br>";

function folded(rows: readonly (readonly Cell[])[]): string[][] {
  const pageRows: { names: string[]; cells: string[] }[] = [];
  for (const [name = "", ...others] of rows) {
    const cells = others.map(printed);
    const last = pageRows.at(-1);
    if (last?.cells.join() === cells.join()) last.names.push(printed(name));
    else pageRows.push({ names: [printed(name)], cells });
  }
  return pageRows.map(({ names, cells }) => [names.join(NEXT_NAME), ...cells]);
}

function printed(cell: Cell): string {
  if (typeof cell === "string") return cell;
  return cell.stated === 0 ? "0" : `≤ ${cell.stated.toLocaleString("en-US")}${cell.unit}`;
}

function exactly(cell: Cell): string {
  return typeof cell === "string" ? cell : `${cell.measured}${cell.unit}`;
}

function holds(cell: Cell, text: string): boolean {
  if (typeof cell === "string") return text === escaped(cell);
  const [, digits = "", unit = ""] = /^(?:≤ )?([\d.,]+)( s)?$/.exec(text) ?? [];
  const bound = Number(digits.replaceAll(",", ""));
  if (digits === "" || unit !== cell.unit || cell.measured > bound) return false;
  return !cell.isClose || bound <= 2 * cell.stated;
}

function tableIn({ page, name }: GeneratedPart): string[][] {
  const [, , text] = partsOf(readFileSync(join(DOCS, page), "utf8"), name);
  if (text === undefined) throw new Error(`${page} has no place for "${name}".`);
  const lines = text.trim().split("\n");
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}
