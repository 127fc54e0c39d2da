import { runCli } from "../../src/cli/run.js";

/** Runs a `rolecall` command in this process, with its own environment. Set `isTTY` to simulate a terminal. */
export async function runRolecall(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
  { isTTY = false } = {},
) {
  const written = { output: "", errors: "" };
  const to = (name: keyof typeof written) => ({
    isTTY,
    write(text: string) {
      written[name] += text;
    },
  });
  const code = await runCli(args, { stdout: to("output"), stderr: to("errors"), env });
  return { code, ...written };
}
