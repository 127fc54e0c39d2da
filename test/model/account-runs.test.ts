import { expect, it } from "vitest";
import { RUN_BUGS } from "./account-run-bugs.js";
import { checkRuns, createFanOut, Violation } from "./account-runs.js";

/** To replay a counterexample, set its seed and path. */
const { ROLECALL_MODEL_SEED, ROLECALL_MODEL_RUNS = "200", ROLECALL_MODEL_PATH } = process.env;
const SEED = ROLECALL_MODEL_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(ROLECALL_MODEL_SEED);
const RUNS = Number(ROLECALL_MODEL_RUNS);

it(`${RUNS} random runs over many accounts lose and repeat no target`, { timeout: 600_000 }, async () => {
  console.log(`runs over many accounts: seed ${SEED}, ${RUNS} runs`);
  const { counterexample } = await checkRuns(createFanOut, { runs: RUNS, seed: SEED, path: ROLECALL_MODEL_PATH });
  expect(counterexample, counterexample).toBeUndefined();
});

it.each(Object.entries(RUN_BUGS))("finds a counterexample if %s", async (name, { create, found }) => {
  const { runs, error, counterexample } = await checkRuns(create, { runs: 2000, seed: 1 });
  console.log(`${name}\nfound in run ${runs}: ${counterexample ?? "nothing"}\n`);
  expect(error).toBeInstanceOf(Violation);
  expect((error as Violation).message).toMatch(found);
});
