import { afterAll, beforeAll, expect, it } from "vitest";
import { buildLibrary } from "../support/build-library.js";
import { entries } from "./entries.js";
import type { Hostility } from "./hostility.js";
import { fuzz } from "./run-fuzz.js";
import { Worker } from "./worker.js";

/** What keeps the fuzz run itself alive: few runs with a fixed seed. `npm run fuzz` looks for new faults. */
const SMOKE = { seed: 1, runs: 25, shrink: false };

/** Entries that `npm run fuzz` finds a fault in. Take one off as soon as its fault is mended. */
const WAITING: readonly string[] = [
  "createCredentialResolver",
  "hostile stores",
  "startLocalAws",
  "createManualClock",
  "createMemoryStore",
  "storeContract",
  "fileStore",
  "redisStore",
  "identityPolicy",
  "trustPolicy",
  "formatPolicy",
  "instance file",
];
/** What the entries stand already. `accessors` and `prototype` wait. */
const HOSTILITIES: readonly Hostility[] = ["values"];

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

it.each(entries.filter(({ name }) => !WAITING.includes(name)))("$name stands hostile arguments", async (target) => {
  const { violation } = await fuzz(worker, target, { ...SMOKE, hostilities: HOSTILITIES });
  if (violation) expect.fail(violation);
});

it("names only entries that there are", () => {
  const names = entries.map(({ name }) => name);
  expect(WAITING.filter((name) => !names.includes(name))).toEqual([]);
});
