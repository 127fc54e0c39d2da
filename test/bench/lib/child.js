import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let home;

/** What every measured process has in its environment: of AWS only what is named here, and a home without profiles. */
export function childEnvironment(env = {}) {
  return { PATH: process.env.PATH, HOME: emptyHome(), AWS_REGION: "eu-central-1", ...env };
}

function emptyHome() {
  if (home === undefined) {
    home = mkdtempSync(join(tmpdir(), "rolecall-bench-"));
    process.on("exit", () => rmSync(home, { recursive: true, force: true }));
  }
  return home;
}

/** Runs a script in a Node process of its own. Gives what it prints as its last line, parsed; rejects with its stderr. */
export function runChild(script, { env, args = [], nodeArgs = [] } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeArgs, script, ...args], { env: childEnvironment(env) });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(output.trim().split("\n").at(-1)));
      else reject(new Error(`${script} ${args.join(" ")} ended with code ${code}: ${errors}`));
    });
  });
}
