import { afterAll, beforeAll, expect, it } from "vitest";
import { buildLibrary } from "../support/build-library.js";
import { entries } from "./entries.js";
import { HOSTILITIES } from "./hostility.js";
import type { FuzzCase } from "./observe.js";
import { fuzz } from "./run-fuzz.js";
import { Worker } from "./worker.js";

const {
  ROLECALL_FUZZ_SECONDS = "300",
  ROLECALL_FUZZ_ENTRY,
  ROLECALL_FUZZ_SEED,
  ROLECALL_FUZZ_CASE,
  ROLECALL_FUZZ_HOSTILITIES = HOSTILITIES.join(),
} = process.env;
const hostilities = HOSTILITIES.filter((name) => ROLECALL_FUZZ_HOSTILITIES.split(",").includes(name));
const seed = Number(ROLECALL_FUZZ_SEED ?? Date.now() % 1_000_000_000);
const chosen = entries.filter(({ name }) => (ROLECALL_FUZZ_ENTRY ?? name).split(",").includes(name));

let build: Awaited<ReturnType<typeof buildLibrary>>;
let worker: Worker;
beforeAll(async () => {
  build = await buildLibrary({ child: "../test/fuzz/child.ts" });
  worker = new Worker(`${build.folder}/child.mjs`);
});
afterAll(async () => {
  worker.end();
  await build.remove();
});

it("has the requested entry", () => expect(chosen).not.toEqual([]));

it.each(chosen)("$name", async (target) => {
  const { line, violation } = await fuzz(worker, target, {
    seed,
    ...(ROLECALL_FUZZ_CASE
      ? { example: JSON.parse(ROLECALL_FUZZ_CASE) as FuzzCase, runs: 1 }
      : { hostilities, milliseconds: Number(ROLECALL_FUZZ_SECONDS) * 1000 }),
  });
  console.log(line);
  if (violation) expect.fail(violation);
});
