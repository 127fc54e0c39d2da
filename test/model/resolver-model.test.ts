import { expect, it } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { runModel, warmUp } from "./run-model.js";
import { createSimulatedAws } from "./simulated-aws.js";

const { ROLECALL_MODEL_SEED, ROLECALL_MODEL_RUNS, ROLECALL_MODEL_PATH, ROLECALL_MODEL_REPLAY } = process.env;
const seed = ROLECALL_MODEL_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(ROLECALL_MODEL_SEED);
const runs = Number(ROLECALL_MODEL_RUNS ?? 300);

it(`${runs} random runs against the model`, { timeout: 600_000 }, async () => {
  console.log(`model: seed ${seed}, ${runs} runs`);
  const worlds = { createWorld: createSimulatedAws, createResolver: createCredentialResolver };
  await warmUp(worlds);
  const { counterexample } = await runModel({
    ...worlds,
    runs,
    seed,
    path: ROLECALL_MODEL_PATH,
    replayPath: ROLECALL_MODEL_REPLAY,
  });
  expect(counterexample, counterexample).toBeUndefined();
});
