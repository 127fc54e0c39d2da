import { devNull } from "node:os";

const AWS_VARIABLE = /^AWS_/;

let isTaken = false;

/** Takes the process's environment for one local AWS. @throws Error if another one has it */
export function takeProcessEnv() {
  if (isTaken) {
    throw new Error("processEnv is true for another local AWS that runs in this process: close that one first");
  }
  isTaken = true;
  const before = readAwsVariables();
  let isRestored = false;
  return {
    /** Leaves these variables and no other one of AWS, and no configuration file of the machine's user. */
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
