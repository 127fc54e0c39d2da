import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const PYTHON = "python3";

/** The version of the boto3 that Python finds, or `undefined` where there is none, or no Python. */
export function boto3Version() {
  const { status, stdout } = spawnSync(PYTHON, ["-c", "import boto3; print(boto3.__version__)"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** The arguments of Python for one AssumeRole per command. Its last line is `{ seconds, sessions }`. */
export function boto3Arguments({ roleArn, commands, atATime }) {
  const script = fileURLToPath(new URL("../contenders/assume_role.py", import.meta.url));
  return [script, roleArn, String(commands), String(atATime)];
}

/** boto3 reads the region from another variable than the SDKs for JavaScript. */
export function boto3Environment(env) {
  return { ...env, AWS_DEFAULT_REGION: env.AWS_REGION };
}
