import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";

export const packed = inject("packed");
export const project = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** Where `npm ci --prefix test/package` installs the consumers' tools. */
export const tools = join(project, "test", "package", "node_modules");

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a script in the consumer's folder with the Node version that runs the tests. Never rejects: the exit code is in
 * the outcome.
 */
export function runNode(
  args: string[],
  options: { cwd?: string; env?: Record<string, string> | undefined } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      args,
      {
        cwd: options.cwd ?? packed.consumer,
        env: { PATH: process.env.PATH, HOME: packed.consumer, ...options.env },
        maxBuffer: 64 * 1024 * 1024,
      },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}

/** Runs a consumer that prints one JSON value. */
export async function runConsumer(script: string, env?: Record<string, string>): Promise<unknown> {
  const { code, stdout, stderr } = await runNode([script], { env });
  if (code !== 0) throw new Error(`${script} exited with ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}
