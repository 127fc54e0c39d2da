import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packed, project, runNode } from "./consumer.js";

const folder = join(packed.consumer, "examples");
const examples = readdirSync(folder).filter((file) => file.endsWith(".ts"));
/** The default suite runs the examples with `.test.` in their name. */
const programs = examples.filter((file) => !file.endsWith(".test.ts"));

describe("the examples of the docs", () => {
  beforeAll(async () => {
    const compilerOptions = {
      target: "es2022",
      module: "nodenext",
      types: ["node"],
      strict: true,
      skipLibCheck: true,
      outDir: "out",
      rootDir: ".",
    };
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  });

  it("compile against the package", async () => {
    const tsc = join(project, "node_modules", "typescript", "bin", "tsc");

    expect(examples).not.toEqual([]);
    expect(await runNode([tsc, "--project", folder, "--pretty", "false"])).toMatchObject({ code: 0, stdout: "" });
  });

  it.each(programs)("run: %s", async (file) => {
    const { code, stderr } = await runNode([join(folder, "out", `${basename(file, ".ts")}.js`)]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});
