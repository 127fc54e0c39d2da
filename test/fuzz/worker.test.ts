import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Worker } from "./worker.js";

const QUESTION = { entry: "any", args: { is: "json", value: null }, pollution: [] } as const;
/** Milliseconds. The child is blocked forever, so a longer wait would show the same. */
const SOON = 200;

let folder: string;
let worker: Worker;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rolecall-worker-"));
});
afterEach(() => worker.end());
afterAll(() => rm(folder, { recursive: true }));

/** A worker whose child runs this code for each call. */
async function workerThat(does: string): Promise<Worker> {
  const file = join(folder, `${Math.random()}.mjs`);
  await writeFile(file, `process.on("message", async () => { ${does} });\nprocess.send("ready");\n`);
  worker = new Worker(file, SOON);
  return worker;
}

describe("a worker", () => {
  it.each([
    ["blocks its thread", "for (;;);"],
    ["starves its timers by microtasks", "for (;;) await undefined;"],
  ])("detects a child that %s", async (_what, does) => {
    const verdict = await (await workerThat(does)).ask(QUESTION);
    expect(verdict.outcome).toBe("blocked");
    expect(verdict.problems[0]).toBe(`the process was blocked for ${SOON} ms`);
  });

  it("reports how a child ended, with its last output", async () => {
    const { problems } = await (await workerThat('console.error("out of luck"); process.exit(3);')).ask(QUESTION);
    expect(problems).toEqual(["the process ended with 3", "out of luck\n"]);
  });

  it("starts a new child for the next case", async () => {
    const asked = await workerThat('process.send({ outcome: "hung", problems: [String(process.pid)] });');
    const [first, second] = [await asked.ask(QUESTION), await asked.ask(QUESTION)];
    expect(first.problems).not.toEqual(second.problems);
  });
});
