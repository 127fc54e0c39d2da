import type { ReportOutput } from "./report.js";

/** Whether to use color on this output. https://no-color.org */
export function hasColor(output: ReportOutput, env: Record<string, string | undefined>): boolean {
  return output.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

/** @param code the number of the style: https://en.wikipedia.org/wiki/ANSI_escape_code#SGR */
export function paint(code: string, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}

/** Breaks text between its words, so that a line has at most `width` characters unless one word is longer. */
export function wrapWords(words: readonly string[], width: number): string[] {
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
