import type { RecipeArbitrary } from "./arbitraries.js";
import type { Hostility } from "./hostility.js";
import type { Lab } from "./lab.js";

/** One public entry and its arguments. */
export interface Target {
  /** The name for `ROLECALL_FUZZ_ENTRY`. */
  readonly name: string;
  /** The list of arguments. */
  readonly input: RecipeArbitrary;
  /** Calls the entry. Everything that it throws is checked. */
  attempt(lab: Lab, args: unknown[]): unknown;
  /** Returns what is wrong with a successful call. `args` are created again from the same recipe. */
  judge?(lab: Lab, args: unknown[], value: unknown): string[];
  /**
   * How hostile the arguments may be. Default: all of {@link HOSTILITIES}. The test kit's arguments come from the
   * test's author.
   */
  readonly hostilities?: readonly Hostility[];
  /** Errors other than `RolecallError` that the entry documents. Default: none. */
  mayThrow?(error: Error): boolean;
}
