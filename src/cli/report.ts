import { hasColor, paint, wrapWords } from "./terminal-text.js";

/** Where a report is written: to an output of the process, or to a test. */
export interface ReportOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** The width of the terminal, if it is one. */
  readonly columns?: number;
}

/** Longer lines are hard to read even on a wide terminal. */
const MAX_COLUMNS = 100;

/** The color and the sign of each kind of result. */
const MARKS = {
  ok: ["32", "✓"],
  warning: ["33", "!"],
  failed: ["31", "✗"],
  skipped: ["2", "-"],
} as const;

/** Prints headings and check results, and counts the failures. */
export class Report {
  readonly #output: ReportOutput;
  readonly #color: boolean;
  readonly #columns: number;
  #failures = 0;

  constructor(output: ReportOutput, env: Record<string, string | undefined>) {
    this.#output = output;
    this.#color = hasColor(output, env);
    this.#columns = output.isTTY ? Math.min(output.columns || MAX_COLUMNS, MAX_COLUMNS) : Number.POSITIVE_INFINITY;
  }

  get failures(): number {
    return this.#failures;
  }

  heading(text: string): void {
    this.#output.write(`\n${this.#paint("1", text)}\n`);
  }

  fact(holds: boolean, text: string): void {
    this.mark(holds ? "ok" : "failed", text);
  }

  mark(kind: keyof typeof MARKS, text: string): void {
    if (kind === "failed") this.#failures++;
    const [color, sign] = MARKS[kind];
    this.line(`  ${this.#paint(color, sign)} ${this.#wrap(text, 4)}`);
  }

  /** What to do about the previous line. A command stays on one line so that it can be copied. */
  advice(text: string): void {
    this.line(`      ${/^(aws|rolecall) /.test(text) ? text : this.#wrap(text, 6)}`);
  }

  detail(text: string): void {
    this.#output.write(`    ${this.#paint("2", text)}\n`);
  }

  line(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** On a terminal, breaks lines between words and indents the continuation lines. */
  #wrap(text: string, indent: number): string {
    return wrapWords(text.split(" "), this.#columns - indent).join(`\n${" ".repeat(indent)}`);
  }

  #paint(code: string, text: string): string {
    return this.#color ? paint(code, text) : text;
  }
}
