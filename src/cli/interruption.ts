import type { CliIo } from "./command.js";

/** A signal that ends a command, and the exit code that shells expect then. */
export const INTERRUPTION_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type InterruptionSignal = keyof typeof INTERRUPTION_CODES;

/** Whether the user, or what supervises the process, has asked the command to end. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** The exit code after a signal; `undefined` without one. */
  readonly exitCode: number | undefined;
  /** Gives the signals back to Node. */
  ignore(): void;
}

/** The first signal aborts; a second one ends the process at once, as without this. */
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
