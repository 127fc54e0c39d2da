import { transform } from "esbuild";
import { expect, it } from "vitest";
import * as hooks from "./call-trace.js";
import { HOOKS, instrument } from "./instrument.js";

/**
 * Runs instrumented sources, each with the exports of the previous ones, and traces a call to `main` of the last one.
 */
async function traceMain(sources: Readonly<Record<string, string>>) {
  const exported: Record<string, (...args: never[]) => unknown> = {};
  for (const [file, source] of Object.entries(sources)) {
    const { code } = await transform(instrument(file, source), { loader: "ts", format: "cjs" });
    const run = new Function("require", "module", "lib", code);
    const module = { exports: {} };
    run((name: string) => (name === HOOKS ? hooks : undefined), module, exported);
    Object.assign(exported, module.exports);
  }
  let result: unknown;
  const root = await hooks.trace(async () => {
    result = await exported.main?.();
  });
  return { ...hooks.count(root), result };
}

it("an instrumented program does what it did before", async () => {
  const { result } = await traceMain({
    "main.ts": `
      class Base { constructor(readonly name: string) {} get length() { return this.name.length; } }
      class Derived extends Base {
        #suffix = () => "!";
        constructor() { super("abc"); }
        text() { return this.name + this.#suffix() + super.length + arguments.length; }
      }
      function* numbers() { yield 1; yield 2; }
      const curried = (a: number) => (b: number) => ({ sum: a + b });
      function nothing() {}
      export async function main() {
        nothing();
        await null;
        return [new Derived().text(), [...numbers()], curried(1)(2)];
      }`,
  });

  expect(result).toEqual(["abc!30", [1, 2], { sum: 3 }]);
});

it("counts entries and passages, also after an await and in callbacks", async () => {
  const { files, functions, calls } = await traceMain({
    "leaf.ts": "export const double = (value: number) => value * 2;",
    "middle.ts": `
      export async function twice(value: number) { await null; return lib.double(value); }
      export function later(callback: () => void) { setTimeout(() => callback()); }`,
    "main.ts": `
      export async function main() {
        lib.double(1);
        lib.double(2);
        await lib.twice(3);
        await new Promise<void>((done) => lib.later(() => done()));
        lib.double(4);
      }`,
  });

  expect(Object.fromEntries(files)).toEqual({
    // From outside, and from the timer in middle.ts.
    "main.ts": { entries: 2, passages: 1 },
    // Two consecutive calls, the one from middle.ts, and the last one.
    "leaf.ts": { entries: 3, passages: 0 },
    // `twice` by main, and `later` by a callback in main.
    "middle.ts": { entries: 2, passages: 2 },
  });
  expect({ functions, calls }).toEqual({ functions: 7, calls: 10 });
});

it("does not count what runs while a module loads", async () => {
  const { calls } = await traceMain({
    "main.ts": "const initial = (() => 1)(); export const main = () => initial;",
  });

  expect(calls).toBe(1);
});
