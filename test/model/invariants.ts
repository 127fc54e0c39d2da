/** Invariants, as a counterexample names them. */
export type Invariant =
  | "no expired session"
  | "no other key's session"
  | "one flight per key"
  | "nobody waits while a session is valid"
  | "one call per key and lifetime"
  | "nothing dropped comes back"
  | "the newest session is served"
  | "a session in use is refreshed ahead"
  | "an idle session is left to expire"
  | "an advised refresh begins"
  | "a wish is granted"
  | "an abort frees one caller at once"
  | "an error says what failed"
  | "no error while a source could answer"
  | "nobody waits forever"
  | "keys that were refused are replaced"
  | "a key's work runs in the context of its own callers"
  | "nothing is left after close";

export class Violation extends Error {
  constructor(
    readonly invariant: Invariant,
    detail: string,
  ) {
    super(`${invariant}: ${detail}`);
    this.name = "Violation";
  }
}

export function violated(invariant: Invariant, detail: string): never {
  throw new Violation(invariant, detail);
}
