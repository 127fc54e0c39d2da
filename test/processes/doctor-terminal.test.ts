import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { buildLibrary } from "../support/build-library.js";
import { doctorPicture, MACHINES, pictureFile, setUpMachine } from "../support/doctor-machines.js";

/** `script` from util-linux, which runs a program in a terminal. */
const hasTerminal = (() => {
  try {
    execFileSync("script", ["-qec", "true", "/dev/null"], { stdio: "ignore" });
    return true;
  } catch {
    console.log("Without util-linux's script: the doctor is not run in a terminal");
    return false;
  }
})();

it.runIf(hasTerminal)("rolecall doctor in a terminal prints what the pictures in the docs show", async () => {
  const built = await buildLibrary({ cli: "cli/index.ts" });
  onTestFinished(() => built.remove());
  for (const [name, machine] of Object.entries(MACHINES)) {
    const { aws, args } = await setUpMachine(machine);
    const command = [process.execPath, join(built.folder, "cli.mjs"), ...args].join(" ");
    const env = {
      PATH: process.env.PATH,
      TERM: "xterm-256color",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      ...aws.env,
    };
    const { code, output } = await inTerminal(command, env);
    expect(code).toBe(machine.code);
    await expect(doctorPicture(name, output)).toMatchFileSnapshot(pictureFile(name));
  }
});

function inTerminal(command: string, env: Record<string, string | undefined>) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const child = execFile("script", ["-qec", command, "/dev/null"], { env }, (_error, output) =>
      resolve({ code: child.exitCode ?? 1, output }),
    );
  });
}
