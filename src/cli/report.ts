/** Where a report is written: the process's output, or a test's. */
export interface ReportOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

type Mark = "ok" | "warning" | "failed" | "skipped";

const MARKS: Record<Mark, readonly [colour: string, sign: string]> = {
  ok: ["32", "✓"],
  warning: ["33", "!"],
  failed: ["31", "✗"],
  skipped: ["2", "-"],
};

/** Prints headings and facts, and remembers whether every fact held. */
export class Report {
  readonly #output: ReportOutput;
  readonly #colour: boolean;
  #failures = 0;

  constructor(output: ReportOutput, env: Record<string, string | undefined>) {
    this.#output = output;
    this.#colour = output.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
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

  mark(kind: Mark, text: string): void {
    if (kind === "failed") this.#failures++;
    this.line(`  ${this.#paint(...MARKS[kind])} ${text}`);
  }

  detail(text: string): void {
    this.#output.write(`    ${this.#paint("2", text)}\n`);
  }

  line(text: string): void {
    this.#output.write(`${text}\n`);
  }

  #paint(code: string, text: string): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
