import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";

/** A terminal sends these to the program too, so they are forwarded only if there is no terminal. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGHUP"];
const PASSED_ON: readonly NodeJS.Signals[] = ["SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT"];

/** The descriptors of stdin, stdout and stderr. */
const STANDARD_STREAMS = [0, 1, 2];

/** The code that `env` and `timeout` use too, so that scripts can tell it from the program's exit codes. */
export const FAILURE_CODE = 125;
/** Shells use these codes too. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNAL_BASE = 128;

export type ProgramEnd =
  | { readonly kind: "ended"; readonly exitCode: number }
  | { readonly kind: "not-started"; readonly exitCode: number; readonly reason: string };

/** Runs a program and waits until it ends. */
export type RunProgram = (words: readonly string[], env: Record<string, string | undefined>) => Promise<ProgramEnd>;

/** The program shares this process's input, output and terminal. Forwards signals to it until it ends. */
export const runProgram: RunProgram = async ([program = "", ...args], env) => {
  // Does not use process.stdin: Node would make the pipe non-blocking, for the program too.
  const hasTerminal = STANDARD_STREAMS.some((descriptor) => isatty(descriptor));
  let child: ChildProcess | undefined;
  // Before the program starts: otherwise, a signal at that moment would end only this process.
  const stopListening = listen((signal) => {
    if (!hasTerminal || !FROM_TERMINAL.includes(signal)) child?.kill(signal);
  });
  try {
    child = spawn(program, args, { stdio: "inherit", env });
    return await waitForEnd(child);
  } catch (error) {
    return toFailure(error as NodeJS.ErrnoException); // Node throws some system errors and emits others
  } finally {
    stopListening();
  }
};

function waitForEnd(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      // With a pid, the program is running and could not be signaled: this user may not signal sudo.
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
