import { type CommandGroup, type CommandSpec, type OptionSpec, toTypedCommand } from "./command.js";
import { toOptionText, valuePlaceholder } from "./command-line.js";
import type { ReportOutput } from "./report.js";
import { hasColor, paint, wrapWords } from "./terminal-text.js";

/** Longer lines are hard to read. */
const MAX_COLUMNS = 120;
/** If less room is left beside the names, the explanations go below them. */
const MIN_EXPLANATION = 40;

/** Formats one `--help` text to fit the width of its output, with color on a terminal. */
export class HelpText {
  readonly #columns: number;
  readonly #color: boolean;
  readonly #sections: string[] = [];

  constructor(output: ReportOutput, env: Record<string, string | undefined>) {
    this.#columns = output.isTTY ? Math.min(output.columns || MAX_COLUMNS, MAX_COLUMNS) : MAX_COLUMNS;
    this.#color = hasColor(output, env);
  }

  /** @param name the command's whole name, such as `rolecall policy trust` */
  ofCommand(name: string, spec: CommandSpec): string {
    this.#usage(usageWords(name, spec));
    this.#paragraphs(spec.about);
    this.#terms("Options", optionTerms(spec.options));
    this.#paragraphs(spec.notes ?? []);
    this.#terms("Exit codes", Object.entries(spec.exitCodes ?? {}));
    this.#commands("Examples", spec.examples);
    return this.#text();
  }

  ofGroup(name: string, { about, commands }: CommandGroup): string {
    this.#usage([name, "<command>", "[options]"]);
    this.#paragraphs(about);
    this.#terms(
      "Commands",
      Object.entries(commands).map(([each, { summary }]) => [each, summary]),
    );
    this.#paragraphs([`Run \`${toTypedCommand(name)} <command> --help\` for the options and examples.`]);
    return this.#text();
  }

  #usage(words: readonly string[]): void {
    const [first = "", ...others] = wrapWords(words, this.#columns - "Usage: ".length);
    this.#sections.push(`${this.#bold("Usage:")} ${[first, ...others].join(`\n${" ".repeat("Usage: ".length)}`)}`);
  }

  #paragraphs(texts: readonly string[]): void {
    for (const text of texts) this.#sections.push(wrapWords(text.split(" "), this.#columns).join("\n"));
  }

  #terms(heading: string, terms: readonly (readonly [term: string, explanation: string])[]): void {
    if (terms.length === 0) return;
    const indent = 2 + Math.max(...terms.map(([term]) => term.length)) + 2;
    const isBeside = this.#columns - indent >= MIN_EXPLANATION;
    const margin = isBeside ? indent : 6;
    const lines = terms.map(([term, explanation]) => {
      const wrapped = wrapWords(explanation.split(" "), this.#columns - margin).join(`\n${" ".repeat(margin)}`);
      const between = isBeside ? " ".repeat(indent - 2 - term.length) : `\n${" ".repeat(margin)}`;
      return `  ${this.#bold(term)}${between}${wrapped}`;
    });
    this.#sections.push([this.#bold(`${heading}:`), ...lines].join("\n"));
  }

  /** Breaks long commands with the shell's line continuation, so that they can still be copied. */
  #commands(heading: string, commands: readonly string[]): void {
    const width = this.#columns - 4 - " \\".length;
    const lines = commands.map((command) => {
      const words = toShellWords(command).flatMap((word) => (word.length > width ? word.split(" ") : [word]));
      return `  ${wrapWords(words, width).join(" \\\n    ")}`;
    });
    this.#sections.push([this.#bold(`${heading}:`), ...lines].join("\n"));
  }

  #bold(text: string): string {
    return this.#color ? paint("1", text) : text;
  }

  #text(): string {
    return `${this.#sections.join("\n\n")}\n`;
  }
}

/** Parts that each stay on one line. Lists required options by name, because the command fails without them. */
function usageWords(name: string, { arguments: takes, options, program }: CommandSpec): string[] {
  const all = Object.entries(options);
  const required = all.filter(([, { required }]) => required);
  const repeats = takes && takes.max > 1 ? "..." : "";
  return [
    name,
    ...(takes ? [takes.min ? `${takes.name}${repeats}` : `[${takes.name}]${repeats}`] : []),
    ...required.map(([option, rules]) => `--${option} ${valuePlaceholder(rules)}`),
    ...(all.length > required.length ? ["[options]"] : []),
    ...(program ? ["--", "<program>", "[<argument>]..."] : []),
  ];
}

function optionTerms(options: CommandSpec["options"]): [string, string][] {
  return Object.entries(options).map(([name, rules]) => {
    const value = valuePlaceholder(rules);
    return [value === undefined ? `--${name}` : `--${name} ${value}`, explain(rules)];
  });
}

/** Generates the text about an option's rules from the rules, so that the two cannot differ. */
function explain({ help, multiple, required, excludes = [], default: fallback }: OptionSpec): string {
  const others = excludes.map(toOptionText);
  return [
    help,
    ...(required ? ["Required."] : []),
    ...(multiple ? ["Repeatable."] : []),
    ...(others.length > 0 ? [`Not with ${others.join(" or ")}.`] : []),
    ...(fallback !== undefined ? [`Default: ${fallback}.`] : []),
  ].join(" ");
}

/** The parts of a command that stay on one line: an option with its value, and a quoted word. */
function toShellWords(command: string): string[] {
  return command.match(/--[\w-]+ [^-'\s]\S*|(?:'[^']*'|\S)+/g) ?? [];
}
