export type Cell = string | number;

/** A Markdown table with right-aligned numbers. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const isNumber = head.map((_, column) => rows.every((row) => typeof row[column] === "number"));
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => `${row[column]}`.length)));
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell, column) => pad(`${cell}`, widths[column] ?? 0, isNumber[column])).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => `${"-".repeat(width + 1)}${isNumber[column] ? ":" : "-"}`).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function pad(text: string, width: number, toTheRight: boolean | undefined): string {
  return toTheRight ? text.padStart(width) : text.padEnd(width);
}
