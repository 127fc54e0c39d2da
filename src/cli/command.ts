import { escapeInvisible } from "../request/validation.js";
import type { RunProgram } from "./exec/run-program.js";
import type { InterruptionSignal } from "./interruption.js";
import type { ReportOutput } from "./report.js";

/** An option of a command: what `--help` says about it, and the rules that its use must follow. */
export interface OptionSpec {
  readonly help: string;
  /** What stands for the value in `--help`, such as `<file>`. An option without a value or choices is a flag. */
  readonly value?: string;
  /** The library's name for the setting, if it is not the option's name in camel case. */
  readonly field?: string;
  /** The only values that the option takes. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly required?: true;
  /** Whether it can be used more than once. The command then uses all the values. */
  readonly multiple?: true;
  /** What contradicts it: the names of other options, also as `name=value`, and the name of the arguments. */
  readonly excludes?: readonly string[];
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What the command line of a command may contain, and its `--help`. */
export interface CommandSpec<O extends OptionSpecs = OptionSpecs> {
  /** Paragraphs. */
  readonly about: readonly string[];
  /** The arguments besides options, and the library's name for them. Default: none. */
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

/** A command line that fits its {@link CommandSpec}. */
export interface CommandLine<O extends OptionSpecs = OptionSpecs> {
  readonly values: OptionValues<O>;
  readonly arguments: readonly string[];
  /** What follows after `--`. Empty unless the command takes a program. */
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
  /** Listens for a request to end. Until the returned function is called, the request does not end the process. */
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
