import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";

/** A terminal sends these to the program as well, so they are passed on only without one. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGHUP"];
const PASSED_ON: readonly NodeJS.Signals[] = ["SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT"];

/** Input, output and errors. */
const STANDARD_STREAMS = [0, 1, 2];

/** As `env` and `timeout` do, so that a script can tell it from an exit code of the program. */
export const FAILURE_CODE = 125;
/** Shells use these codes too. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNAL_BASE = 128;

export type ProgramEnd =
  | { readonly kind: "ended"; readonly exitCode: number }
  | { readonly kind: "not-started"; readonly exitCode: number; readonly reason: string };

/** Runs a program and waits for its end. */
export type RunProgram = (words: readonly string[], env: Record<string, string | undefined>) => Promise<ProgramEnd>;

/** The program has this process's input, output and terminal. Signals reach it; this process ends after it. */
export const runProgram: RunProgram = async ([program = "", ...args], env) => {
  // Not process.stdin: Node then makes the pipe non-blocking, also for the program, which reads from the same one.
  const hasTerminal = STANDARD_STREAMS.some((descriptor) => isatty(descriptor));
  let child: ChildProcess | undefined;
  // Before the program starts: a signal that comes at that moment would end this process alone.
  const stopListening = listen((signal) => {
    if (!hasTerminal || !FROM_TERMINAL.includes(signal)) child?.kill(signal);
  });
  try {
    child = spawn(program, args, { stdio: "inherit", env });
    return await waitForEnd(child);
  } catch (error) {
    return toFailure(error as NodeJS.ErrnoException); // Node throws some errors of the system, and emits others
  } finally {
    stopListening();
  }
};

function waitForEnd(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      // Otherwise it runs, and refuses a signal: this user may not send one to sudo.
      if (child.pid === undefined) reject(error);
    });
    child.once("exit", (code, signal) => {
      const exitCode = signal ? SIGNAL_BASE + constants.signals[signal] : (code ?? 0);
      resolve({ kind: "ended", exitCode });
    });
  });
}

function listen(listener: (signal: NodeJS.Signals) => void): () => void {
  const signals = [...FROM_TERMINAL, ...PASSED_ON];
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

function toFailure({ code, message }: NodeJS.ErrnoException): ProgramEnd {
  if (code === "ENOENT") return { kind: "not-started", exitCode: NOT_FOUND, reason: "it was not found" };
  return { kind: "not-started", exitCode: NOT_EXECUTABLE, reason: code ?? message };
}
