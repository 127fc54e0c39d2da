import { type ParseArgsConfig, parseArgs } from "node:util";
import { similarName } from "../request/similar-names.js";
import { escapeInvisible } from "../request/validation.js";
import type { ReportOutput } from "./report.js";

/** One command of `rolecall`. */
export interface CliCommand {
  /** What `rolecall <command> --help` prints: usage, options, exit codes and an example. */
  readonly help: string;
  /**
   * @returns the exit code
   * @throws UsageError or RolecallError, which are printed without a stack
   */
  run(args: readonly string[], io: CliIo): Promise<number>;
}

/** All that a command may touch of its process. */
export interface CliIo {
  readonly stdout: ReportOutput;
  readonly stderr: ReportOutput;
  readonly env: Record<string, string | undefined>;
}

/** The command line, or a file that it names, is wrong. The message says what and what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** What the message repeats of the command line cannot change the terminal. */
  constructor(message: string, options?: ErrorOptions) {
    super(escapeInvisible(message), options);
  }
}

type Options = NonNullable<ParseArgsConfig["options"]>;
type Token = ReturnType<typeof parseArgs<ParseArgsConfig & { tokens: true }>>["tokens"][number];

/**
 * Reads a command line with `util.parseArgs`. An option with `multiple` collects what it is given; every other option
 * is given once.
 * @throws UsageError for what the options do not allow
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

/** Names the first option that the command does not have, with the one that is probably meant. */
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

/** The value of an option that other forms of the same command take more than once. */
export function onlyValue(option: string, values: readonly string[] | undefined): string | undefined {
  if (values !== undefined && values.length > 1) throw givenTwice(option);
  return values?.[0];
}

function givenTwice(option: string): UsageError {
  return new UsageError(`--${option} is given twice. Give it once.`);
}
