import type { CliIo } from "./command.js";

/** The signals that end a command, and the exit codes that shells expect after them. */
export const INTERRUPTION_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type InterruptionSignal = keyof typeof INTERRUPTION_CODES;

/** A request to end the command, from the user or from a process manager. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** The exit code after a signal; `undefined` without one. */
  readonly exitCode: number | undefined;
  /** Restores Node's default handling of the signals. */
  ignore(): void;
}

/** The first signal aborts the command. A second signal ends the process at once, as Node does by default. */
export function listenForInterruption({ onSignal }: CliIo): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const ignore = onSignal((name) => {
    ignore();
    exitCode = INTERRUPTION_CODES[name];
    controller.abort();
  });
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    ignore,
  };
}
