import { expect, it } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { COMMANDS, COMMANDS_OVER_SOCKETS } from "./commands.js";
import { createLoopbackAws } from "./loopback-aws.js";
import { runModel, warmUp } from "./run-model.js";
import { createSimulatedAws } from "./simulated-aws.js";

/** To replay a counterexample, set its seed, path and replayPath, and select its AWS with `-t`. */
const { ROLECALL_MODEL_SEED, ROLECALL_MODEL_RUNS = "100", ROLECALL_MODEL_PATH, ROLECALL_MODEL_REPLAY } = process.env;
const SEED = ROLECALL_MODEL_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(ROLECALL_MODEL_SEED);
const RUNS = Number(ROLECALL_MODEL_RUNS);

it.each([
  { aws: "a simulated AWS", createWorld: createSimulatedAws, commands: COMMANDS, runs: RUNS },
  // One run in fifty: a run over sockets takes as long as many runs in memory.
  {
    aws: "the local AWS over sockets",
    createWorld: createLoopbackAws,
    commands: COMMANDS_OVER_SOCKETS,
    runs: RUNS / 50,
  },
])("$runs runs over $aws agree with the model", { timeout: 600_000 }, async (world) => {
  console.log(`model over ${world.aws}: seed ${SEED}, ${world.runs} runs`);
  const worlds = { ...world, createResolver: createCredentialResolver };
  await warmUp(worlds);
  const { counterexample } = await runModel({
    ...worlds,
    seed: SEED,
    path: ROLECALL_MODEL_PATH,
    replayPath: ROLECALL_MODEL_REPLAY,
  });
  expect(counterexample, counterexample).toBeUndefined();
});
