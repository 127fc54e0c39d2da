import type { RecipeArbitrary } from "./arbitraries.js";
import type { Hostility } from "./hostility.js";
import type { Lab } from "./lab.js";

/** One public entry, and what is thrown at it. */
export interface Target {
  /** As `ROLECALL_FUZZ_ENTRY` names it. */
  readonly name: string;
  /** The list of arguments. */
  readonly input: RecipeArbitrary;
  /** Calls the entry. Whatever it throws is judged. */
  attempt(lab: Lab, args: unknown[]): unknown;
  /** What is wrong about a call that succeeded. `args` are made anew from the same recipe. */
  judge?(lab: Lab, args: unknown[], value: unknown): string[];
  /** How hostile its arguments may be. Default: all of {@link HOSTILITIES}. A test kit's come from the test's author. */
  readonly hostilities?: readonly Hostility[];
  /** Errors that the entry documents beside `RolecallError`. Default: none. */
  mayThrow?(error: Error): boolean;
}
