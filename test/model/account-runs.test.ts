import { expect, it } from "vitest";
import { checkRuns, createFanOut } from "./account-runs.js";

/** To replay a counterexample, set its seed and path. */
const { ROLECALL_MODEL_SEED, ROLECALL_MODEL_RUNS = "500", ROLECALL_MODEL_PATH } = process.env;
const SEED = ROLECALL_MODEL_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(ROLECALL_MODEL_SEED);
const RUNS = Number(ROLECALL_MODEL_RUNS);

it(`${RUNS} random runs over many accounts lose and repeat no target`, { timeout: 600_000 }, async () => {
  console.log(`runs over many accounts: seed ${SEED}, ${RUNS} runs`);
  const { counterexample } = await checkRuns(createFanOut, { runs: RUNS, seed: SEED, path: ROLECALL_MODEL_PATH });
  expect(counterexample, counterexample).toBeUndefined();
});
