import { RolecallError } from "../errors.js";
import type { Link } from "../request/chain.js";

/** Errors that concern one caller only. */

export function abortedError(link: Link, signal: AbortSignal): RolecallError {
  return new RolecallError("ABORTED", "The caller's signal aborted the wait for credentials.", {
    ...labelsOf(link),
    cause: signal.reason,
    hint: "The role is not at fault. Other callers keep waiting.",
  });
}

export function waitedTooLongError(link: Link, ms: number): RolecallError {
  return new RolecallError("TIMEOUT", `No credentials, and no progress for ${ms / 1000} seconds.`, {
    ...labelsOf(link),
    retryable: true,
    hint: "Check whether STS and the source of the base identity answer. stats() returns how many calls to STS run and wait.",
  });
}

export function tooManyRoundsError(link: Link, rounds: number): RolecallError {
  return new RolecallError("TIMEOUT", `No usable session after ${rounds} loads in a row.`, {
    ...labelsOf(link),
    retryable: true,
    hint: "Check what calls invalidate() while sessions are loaded, and what the store returns.",
  });
}

/** @param life the duration of the newest session in milliseconds, from when it was issued or received */
export function tooShortLivedError(link: Link, minRemaining: number, life: number): RolecallError {
  const { roleArn } = link;
  const seconds = Math.max(0, Math.floor(life / 1000));
  const message = `options.minRemaining is invalid: received ${minRemaining}, and the newest session lives for ${seconds} seconds.`;
  return new RolecallError("INVALID_REQUEST", message, {
    step: "request",
    field: "options.minRemaining",
    roleArn,
    hint: roleArn
      ? "Ask for less, or raise the role's MaxSessionDuration. Role chaining limits a session to one hour."
      : "Ask for less. Only the source of these credentials can renew them.",
  });
}

function labelsOf({ step, roleArn }: Link) {
  return { step, roleArn };
}
