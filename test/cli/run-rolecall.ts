import type { CliIo } from "../../src/cli/command.js";
import { runCli } from "../../src/cli/run.js";

interface RunOptions {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly onSignal?: CliIo["onSignal"];
  readonly runProgram?: CliIo["runProgram"];
}

const notExpected: CliIo["runProgram"] = () => Promise.reject(new Error("this command runs no program"));

/**
 * Runs a `rolecall` command in this process, with its own environment. Set `isTTY` and `columns` to simulate a terminal,
 * and `onSignal` to send it signals.
 */
export async function runRolecall(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
  { isTTY = false, columns, onSignal = () => () => {}, runProgram = notExpected }: RunOptions = {},
) {
  const written = { output: "", errors: "" };
  const to = (name: keyof typeof written) => ({
    isTTY,
    ...(columns !== undefined && { columns }),
    write(text: string) {
      written[name] += text;
    },
  });
  const code = await runCli(args, { stdout: to("output"), stderr: to("errors"), env, onSignal, runProgram });
  return { code, ...written };
}
