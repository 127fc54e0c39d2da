import type { ReportOutput } from "../report.js";
import { hasColor } from "../terminal-text.js";
import { countAccounts } from "./account-label.js";

/** The progress of a walk over accounts. */
export interface WalkProgress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

const DEFAULT_COLUMNS = 80;
const MAX_COLUMNS = 120;
/** A shorter bar shows less than the numbers. */
const MIN_BAR = 10;

/** Shows a one-line progress bar on a terminal. Elsewhere, such as in a CI log, prints a line for every ten percent. */
export class ProgressDisplay {
  readonly #output: ReportOutput;
  readonly #isTerminal: boolean;
  readonly #color: boolean;
  #shown = "";
  #tenths = 0;

  constructor(output: ReportOutput, env: Record<string, string | undefined>) {
    this.#output = output;
    this.#isTerminal = output.isTTY === true && env.TERM !== "dumb";
    this.#color = hasColor(output, env);
  }

  show(progress: WalkProgress): void {
    if (this.#isTerminal) this.#draw(formatBar(progress, this.#width));
    else this.#printTenths(progress);
  }

  /** Prints a detail that a bar has no room for. On a terminal, only the summary shows it. */
  note(text: string): void {
    if (!this.#isTerminal) this.#output.write(`${text}\n`);
  }

  /** Erases the bar. */
  clear(): void {
    if (this.#shown !== "") this.#output.write(`\r${" ".repeat(this.#shown.length)}\r`);
    this.#shown = "";
  }

  /** Leaves one column free, because some terminals wrap the line after the last column. */
  get #width(): number {
    return Math.min(this.#output.columns || DEFAULT_COLUMNS, MAX_COLUMNS) - 1;
  }

  #draw(text: string): void {
    if (text === this.#shown) return;
    const rest = " ".repeat(Math.max(0, this.#shown.length - text.length));
    this.#output.write(`\r${this.#color ? text.replace(/\d+ failed/, "\u001b[31m$&\u001b[0m") : text}${rest}`);
    this.#shown = text;
  }

  #printTenths(progress: WalkProgress): void {
    const { done, failed, total } = progress;
    const tenths = Math.floor((10 * (done + failed)) / total);
    if (tenths <= this.#tenths) return;
    this.#tenths = tenths;
    this.#output.write(`${tenths * 10}%: ${describe(progress)}\n`);
  }
}

function describe({ done, failed, total }: WalkProgress): string {
  const failures = failed > 0 ? `, ${failed} failed` : "";
  return `${done + failed} of ${countAccounts(total)}${failures}`;
}

function formatBar(progress: WalkProgress, width: number): string {
  const { done, failed, total } = progress;
  const numbers = describe(progress);
  const room = width - numbers.length - 3; // the brackets and a space
  if (room < MIN_BAR) return numbers.slice(0, width);
  const filled = Math.floor((room * (done + failed)) / total);
  return `[${"=".repeat(filled)}${" ".repeat(room - filled)}] ${numbers}`;
}
