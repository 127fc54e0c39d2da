import { afterAll, beforeAll, expect, it } from "vitest";
import { buildLibrary } from "../support/build-library.js";
import { entries } from "./entries.js";
import { fuzz } from "./run-fuzz.js";
import { Worker } from "./worker.js";

/** Tests that the fuzz run itself works: few runs with a fixed seed. `npm run fuzz` looks for new faults. */
const SMOKE = { seed: 1, runs: 25, shrink: false };

let build: Awaited<ReturnType<typeof buildLibrary>>;
let worker: Worker;
beforeAll(async () => {
  build = await buildLibrary({ child: "../test/fuzz/child.ts" });
  worker = new Worker(`${build.folder}/child.mjs`);
  await worker.ready();
}, 120_000);
afterAll(async () => {
  worker.end();
  await build.remove();
});

it.each([...entries])("$name withstands hostile arguments", async (target) => {
  const { violation } = await fuzz(worker, target, SMOKE);
  if (violation) expect.fail(violation);
});
