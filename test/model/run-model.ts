import { setTimeout as later } from "node:timers/promises";
import fc from "fast-check";
import { seededRandom } from "../support/seeded-random.js";
import { COMMANDS } from "./commands.js";
import { callRefusingService } from "./refusing-service.js";
import { REQUESTS } from "./requests.js";
import { Scene } from "./scene.js";
import type { CreateResolver, CreateWorld } from "./world.js";

export interface ModelRuns {
  readonly createWorld: CreateWorld;
  readonly createResolver: CreateResolver;
  readonly runs: number;
  readonly seed: number;
  readonly commands?: typeof COMMANDS;
  readonly maxCommands?: number;
  /** Where a counterexample was found, as in its report. */
  readonly path?: string | undefined;
  readonly replayPath?: string | undefined;
}

export interface Outcome {
  readonly runs: number;
  /** The error of the shortest run that fails. */
  readonly error?: unknown;
  /** That run, to read and to replay. */
  readonly counterexample?: string;
}

/** Runs random commands against the model, stops at the first broken invariant and shrinks the run. */
export async function runModel({
  createWorld,
  createResolver,
  runs,
  seed,
  commands = COMMANDS,
  maxCommands = 40,
  path,
  replayPath,
}: ModelRuns): Promise<Outcome> {
  const run = fc.asyncProperty(
    fc.commands(commands, { maxCommands, size: "max", ...(replayPath !== undefined && { replayPath }) }),
    fc.integer({ min: 1 }),
    async (steps, chance) => {
      const scene = await Scene.in(createWorld, createResolver, seededRandom(chance));
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: scene }), steps);
        await scene.close();
        scene.witness.check();
      } finally {
        await scene.world.resolver.close();
        await scene.world.end();
      }
    },
  );
  const details = await fc.check(run, { numRuns: runs, seed, ...(path !== undefined && { path }) });
  if (!details.failed) return { runs: details.numRuns };
  const { errorInstance, counterexamplePath, counterexample } = details;
  return {
    runs: details.numRuns,
    error: errorInstance,
    counterexample: [
      `${errorInstance}`,
      `  ${[...(counterexample?.[0] ?? [])].join("\n  ")}`,
      `seed ${seed}, path "${counterexamplePath}", chance ${counterexample?.[1]}, shrunk ${details.numShrinks} times`,
      `${counterexample?.[0]}`.match(/replayPath="[^"]*"/)?.[0] ?? "",
    ].join("\n"),
  };
}

/**
 * Loads the modules that the library imports for its first session and its first rejected call: no clock waits for
 * imports.
 */
export async function warmUp({ createWorld, createResolver }: Pick<ModelRuns, "createWorld" | "createResolver">) {
  const { world } = await Scene.in(createWorld, createResolver, () => 0);
  const { resolver, clock } = world;
  const call = resolver
    .resolve(REQUESTS.inventory.instance)
    .then(({ accessKeyId }) => callRefusingService(resolver, REQUESTS.inventory, accessKeyId));
  const loading = Symbol();
  // The clock does not run faster than real time; otherwise a slow import would use up the session's three seconds.
  while ((await Promise.race([call, later(10, loading)])) === loading) await clock.advance(10);
  await resolver.close();
  await world.end();
}
