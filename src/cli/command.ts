import { escapeInvisible } from "../request/validation.js";
import type { RunProgram } from "./exec/run-program.js";
import type { InterruptionSignal } from "./interruption.js";
import type { ReportOutput } from "./report.js";

/** An option of a command: its `--help` text and its rules. */
export interface OptionSpec {
  readonly help: string;
  /** The placeholder for the value in `--help`, such as `<file>`. An option without a value or choices is a flag. */
  readonly value?: string;
  /** The library's name for the setting, if it differs from the option's name in camel case. */
  readonly field?: string;
  /** The allowed values. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly required?: true;
  /** Whether the option can be repeated. The command uses all the values. */
  readonly multiple?: true;
  /** What it conflicts with: other options, as `name` or `name=value`, or the arguments, by their name. */
  readonly excludes?: readonly string[];
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What a command accepts on its command line, and its `--help`. */
export interface CommandSpec<O extends OptionSpecs = OptionSpecs> {
  /** Paragraphs. */
  readonly about: readonly string[];
  /** The positional arguments, and the library's name for them. Default: none. */
  readonly arguments?: { readonly name: string; readonly field: string; readonly min?: number; readonly max: number };
  /** Whether a program and its arguments follow after `--`. */
  readonly program?: true;
  readonly options: O;
  /** Paragraphs after the options. */
  readonly notes?: readonly string[];
  readonly exitCodes?: Readonly<Record<string, string>>;
  /** The exit code after a RolecallError or a StoreError. Default: 1. */
  readonly failureCode?: number;
  readonly examples: readonly string[];
}

type OptionValue<S extends OptionSpec> = S extends { choices: readonly (infer C)[] }
  ? C
  : S extends { value: string }
    ? string
    : boolean;

/** The values of a command's options. */
export type OptionValues<O extends OptionSpecs> = {
  readonly [K in keyof O]: O[K] extends { multiple: true }
    ? readonly OptionValue<O[K]>[] | undefined
    : O[K] extends { required: true } | { default: string }
      ? OptionValue<O[K]>
      : OptionValue<O[K]> | undefined;
};

/** A command line that satisfies its {@link CommandSpec}. */
export interface CommandLine<O extends OptionSpecs = OptionSpecs> {
  readonly values: OptionValues<O>;
  readonly arguments: readonly string[];
  /** Everything after `--`. Empty unless the command takes a program. */
  readonly program: readonly string[];
}

/** A subcommand of `rolecall`. */
export interface CliCommand {
  readonly spec: CommandSpec;
  /**
   * @returns the exit code
   * @throws UsageError or RolecallError; `runCli` prints the message without a stack
   */
  run(line: CommandLine, io: CliIo): Promise<number>;
}

/** Several commands under one name. */
export interface CommandGroup {
  readonly about: readonly string[];
  readonly commands: Readonly<Record<string, GroupMember>>;
}

interface GroupMember {
  readonly summary: string;
  /** Loaded on demand, so that `--help` does not load the SDK. */
  load(): Promise<{ readonly command: CliCommand | CommandGroup }>;
}

/** The only parts of the process that a command may use. */
export interface CliIo {
  readonly stdout: ReportOutput;
  readonly stderr: ReportOutput;
  readonly env: Record<string, string | undefined>;
  /** Listens for SIGINT and SIGTERM. They do not end the process until you call the returned function. */
  onSignal(listener: (name: InterruptionSignal) => void): () => void;
  readonly runProgram: RunProgram;
}

/** Binds a command's `run` to the options that its `spec` declares. */
export function defineCommand<const O extends OptionSpecs>(
  spec: CommandSpec<O>,
  run: (line: CommandLine<O>, io: CliIo) => Promise<number>,
): CliCommand {
  return { spec, run: run as CliCommand["run"] };
}

/** A command as it works right after `npm install`: `npx aws-rolecall policy` for `rolecall policy`. */
export function toTypedCommand(name: string): string {
  return name.replace(/^rolecall\b/, "npx aws-rolecall");
}

/** The command line, or a file it names, is invalid. The message says what is wrong and how to fix it. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** Escapes the message, because it may quote text that controls a terminal. */
  constructor(message: string, options?: ErrorOptions) {
    super(escapeInvisible(message), options);
  }
}
