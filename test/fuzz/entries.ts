import type { Target } from "./target.js";
import { commandLineTargets } from "./targets/command-line.js";
import { commands } from "./targets/commands.js";
import { policies } from "./targets/policies.js";
import { resolverOptionTargets } from "./targets/resolver-options.js";
import { stores } from "./targets/stores.js";
import { testing } from "./targets/testing.js";
import { xsoar } from "./targets/xsoar.js";

/** Every public entry. */
export const entries: readonly Target[] = [
  ...commands,
  ...resolverOptionTargets,
  ...testing,
  ...xsoar,
  ...stores,
  ...policies,
  ...commandLineTargets,
];
