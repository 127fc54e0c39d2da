import { type ParseArgsConfig, parseArgs } from "node:util";
import { similarName } from "../request/similar-names.js";
import { escapeInvisible } from "../request/validation.js";
import type { ReportOutput } from "./report.js";

/** A subcommand of `rolecall`. */
export interface CliCommand {
  /** The output of `rolecall <command> --help`: usage, options, exit codes and an example. */
  readonly help: string;
  /**
   * @returns the exit code
   * @throws UsageError or RolecallError; `runCli` prints the message without a stack
   */
  run(args: readonly string[], io: CliIo): Promise<number>;
}

/** The only parts of the process that a command may use. */
export interface CliIo {
  readonly stdout: ReportOutput;
  readonly stderr: ReportOutput;
  readonly env: Record<string, string | undefined>;
}

/** The command line, or a file it names, is invalid. The message says what is wrong and how to fix it. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** Escapes the message, because it may quote text that controls a terminal. */
  constructor(message: string, options?: ErrorOptions) {
    super(escapeInvisible(message), options);
  }
}

type Options = NonNullable<ParseArgsConfig["options"]>;
type Token = ReturnType<typeof parseArgs<ParseArgsConfig & { tokens: true }>>["tokens"][number];

/**
 * Parses a command line with `util.parseArgs`. Unlike `parseArgs`, rejects a repeated option unless it is `multiple`.
 * @throws UsageError if the command line does not fit the options
 */
export function parseCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  const { tokens, ...parsed } = parse({ ...config, tokens: true });
  assertGivenOnce(tokens ?? [], config.options ?? {});
  return parsed as ReturnType<typeof parseArgs<T>>;
}

function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (!code.startsWith("ERR_PARSE_ARGS")) throw error;
    const message = unknownOption(config) ?? (error as Error).message.replace(/\.?$/, ".");
    throw new UsageError(message, { cause: error });
  }
}

/** Describes the first unknown option, with a suggestion if a known one is similar. */
function unknownOption({ args, options = {} }: ParseArgsConfig): string | undefined {
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const unknown = tokens.find((token) => token.kind === "option" && !Object.hasOwn(options, token.name));
  if (unknown?.kind !== "option") return undefined;
  const meant = unknown.rawName.startsWith("--") ? similarName(unknown.name, Object.keys(options)) : undefined;
  return `Unknown option '${unknown.rawName}'.${meant === undefined ? "" : ` Did you mean '--${meant}'?`}`;
}

function assertGivenOnce(tokens: readonly Token[], options: Options): void {
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option" || options[token.name]?.multiple) continue;
    if (given.has(token.name)) throw givenTwice(token.name);
    given.add(token.name);
  }
}

/** For an option that other subcommands may repeat, but this one may not. */
export function onlyValue(option: string, values: readonly string[] | undefined): string | undefined {
  if (values !== undefined && values.length > 1) throw givenTwice(option);
  return values?.[0];
}

function givenTwice(option: string): UsageError {
  return new UsageError(`--${option} is given twice. Use it once.`);
}
