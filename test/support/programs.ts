import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";

/** Long enough for Python to start on a busy machine. */
export const PROGRAM_TIMEOUT = 60_000;

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program with this environment and without the machine's own AWS settings. `home` is its home directory. */
export function runProgram(
  program: string,
  args: readonly string[],
  home: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const isolated = {
    PATH: process.env.PATH,
    PYENV_ROOT: process.env.PYENV_ROOT ?? join(process.env.HOME ?? "", ".pyenv"),
    HOME: home,
    AWS_CONFIG_FILE: join(home, "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_MAX_ATTEMPTS: "1",
    AWS_PAGER: "",
    ...env,
  };
  return new Promise((resolve) => {
    // Asynchronous, because the servers run in this process.
    execFile(program, args, { env: isolated, timeout: PROGRAM_TIMEOUT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/**
 * Variables for trusted certificates are part of the AWS environment: a process does not share a session with one that
 * has different values. The programs above have none of them.
 */
export const TRUST_VARIABLES = ["NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA", "SSL_CERT_DIR", "SSL_CERT_FILE"] as const;

/** Whether a program can be run. Prints a message if not, because tests are then not run either. */
export function isThere(name: string, program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore", timeout: PROGRAM_TIMEOUT });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`Without ${name}: its tests do not run (${reason})`);
    return false;
  }
}
