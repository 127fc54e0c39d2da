import { ChildProcess } from "node:child_process";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { runProgram } from "../../../src/cli/exec/run-program.js";

const env = { PATH: process.env.PATH };

describe("a program", () => {
  it("goes on if it refuses a signal, as sudo does for a user who is not root", async () => {
    const kill = vi.spyOn(ChildProcess.prototype, "kill").mockImplementation(function (this: ChildProcess) {
      this.emit("error", Object.assign(new Error("kill EPERM"), { code: "EPERM", syscall: "kill" }));
      return false;
    });
    onTestFinished(() => kill.mockRestore());
    const running = runProgram([process.execPath, "-e", "process.exit(3)"], env);
    process.emit("SIGUSR2");
    process.emit("SIGUSR2");
    expect(await running).toEqual({ kind: "ended", exitCode: 3 });
    expect(kill).toHaveBeenCalledTimes(2);
  });

  it("gets exactly the given environment, and none of this process's variables", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    const check = "process.exit(process.env.AWS_ACCESS_KEY_ID === undefined && process.env.GIVEN === 'yes' ? 0 : 1)";
    const end = await runProgram([process.execPath, "-e", check], { ...env, GIVEN: "yes" });
    expect(end).toEqual({ kind: "ended", exitCode: 0 });
  });

  it("leaves no listener behind, whether it ran or not", async () => {
    const count = () => ["SIGTERM", "SIGINT", "SIGUSR2"].map((name) => process.listenerCount(name));
    const before = count();
    await runProgram([process.execPath, "-e", ""], env);
    await runProgram(["./package.json/program"], env);
    expect(count()).toEqual(before);
  });
});
