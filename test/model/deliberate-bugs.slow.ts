import { expect, it } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { wrapResolver } from "../support/wrapped-resolver.js";
import { BUGS } from "./deliberate-bugs.js";
import { Violation } from "./invariants.js";
import { runModel, warmUp } from "./run-model.js";
import { createSimulatedAws } from "./simulated-aws.js";
import type { CreateResolver } from "./world.js";

const RUNS = 2000;
const WITHOUT_A_BUG = 200;

const worldsOf = (createResolver: CreateResolver) => ({ createWorld: createSimulatedAws, createResolver });

it.each(Object.entries(BUGS))("finds a counterexample if %s", async (name, { createResolver, breaks }) => {
  const worlds = worldsOf(createResolver);
  await warmUp(worldsOf(createCredentialResolver));
  const { runs, error, counterexample } = await runModel({ ...worlds, runs: RUNS, seed: 1 });
  console.log(`${name}\nfound in run ${runs}: ${counterexample ?? "nothing"}\n`);
  expect(error).toBeInstanceOf(Violation);
  expect(breaks).toContain((error as Violation).invariant);
});

it("finds none for a wrapped resolver without a bug", async () => {
  const worlds = worldsOf((options) => wrapResolver(createCredentialResolver(options), {}));
  await warmUp(worlds);
  const { counterexample } = await runModel({ ...worlds, runs: WITHOUT_A_BUG, seed: 1 });
  expect(counterexample, counterexample).toBeUndefined();
});
