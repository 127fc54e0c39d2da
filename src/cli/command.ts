import { type ParseArgsConfig, parseArgs } from "node:util";
import { similarName } from "../request/similar-names.js";
import { escapeInvisible } from "../request/validation.js";
import type { InterruptionSignal } from "./interruption.js";
import type { ReportOutput } from "./report.js";

/** A subcommand of `rolecall`. */
export interface CliCommand {
  /** The output of `rolecall <command> --help`. */
  readonly help: string;
  /**
   * @returns the exit code
   * @throws UsageError or RolecallError; `runCli` prints the message without a stack
   */
  run(args: string[], io: CliIo): Promise<number>;
}

/** The only parts of the process that a command may use. */
export interface CliIo {
  readonly stdout: ReportOutput;
  readonly stderr: ReportOutput;
  readonly env: Record<string, string | undefined>;
  /** Listens for a request to end. Until the returned function is called, the request does not end the process. */
  onSignal(listener: (name: InterruptionSignal) => void): () => void;
}

/** The command line, or a file it names, is invalid. The message says what is wrong and how to fix it. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** Escapes the message, because it may quote text that controls a terminal. */
  constructor(message: string, options?: ErrorOptions) {
    super(escapeInvisible(message), options);
  }
}

/**
 * Parses a command line with `util.parseArgs`. Unlike `parseArgs`, rejects a repeated option unless it is `multiple`.
 * @throws UsageError if the command line does not fit the options
 */
export function parseCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  const { args, options = {} } = config;
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const given = tokens.filter((token) => token.kind === "option");
  const unknown = given.find(({ name }) => !Object.hasOwn(options, name));
  if (unknown) throw unknownOption(unknown.rawName, Object.keys(options));
  const parsed = parseStrictly(config);
  const single = given.map(({ name }) => name).filter((name) => !options[name]?.multiple);
  const repeated = single.find((name, index) => single.indexOf(name) < index);
  if (repeated !== undefined) throw givenTwice(repeated);
  return parsed;
}

function parseStrictly<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\.?$/, "."), { cause: error });
  }
}

function unknownOption(rawName: string, known: readonly string[]): UsageError {
  const meant = rawName.startsWith("--") ? similarName(rawName.slice(2), known) : undefined;
  return new UsageError(`Unknown option '${rawName}'.${meant === undefined ? "" : ` Did you mean '--${meant}'?`}`);
}

/** For an option that other subcommands may repeat, but this one may not. */
export function onlyValue(option: string, values: readonly string[] | undefined): string | undefined {
  if (values !== undefined && values.length > 1) throw givenTwice(option);
  return values?.[0];
}

function givenTwice(option: string): UsageError {
  return new UsageError(`--${option} is given twice. Use it once.`);
}
