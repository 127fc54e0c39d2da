import { devNull } from "node:os";

const AWS_VARIABLE = /^AWS_/;

let isTaken = false;

/**
 * Reserves the process environment for one local AWS.
 * @throws Error if another one uses it
 */
export function takeProcessEnv() {
  if (isTaken) {
    throw new Error("Another local AWS in this process uses processEnv. Close it first.");
  }
  isTaken = true;
  const before = readAwsVariables();
  let isRestored = false;
  return {
    /** Replaces all AWS variables with these, and hides the user's AWS configuration files. */
    set(variables: Readonly<Record<string, string>>): void {
      replaceVariables({ ...variables, AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull });
    },
    restore(): void {
      if (isRestored) return;
      isRestored = true;
      isTaken = false;
      replaceVariables(before);
    },
  };
}

function readAwsVariables(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => AWS_VARIABLE.test(name)));
}

function replaceVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(readAwsVariables())) delete process.env[name];
  Object.assign(process.env, variables);
}
