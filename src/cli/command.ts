import { type ParseArgsConfig, parseArgs } from "node:util";
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

/** `util.parseArgs`, whose errors are the user's. */
export function parseCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS")) {
      throw new UsageError((error as Error).message.replace(/\.?$/, "."), { cause: error });
    }
    throw error;
  }
}
