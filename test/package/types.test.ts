import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packed, project, runNode, tools } from "./consumer.js";

const folder = join(packed.consumer, "types");

const compilers = [
  { name: "TypeScript 5.5", tsc: join(tools, "typescript-5.5", "bin", "tsc") },
  { name: "TypeScript 5.9", tsc: join(project, "node_modules", "typescript", "bin", "tsc") },
  { name: "TypeScript 7", tsc: join(tools, "typescript-7", "bin", "tsc") },
];

const resolutions = [
  { name: "nodenext, ES module", module: "nodenext", moduleResolution: "nodenext", file: "usage.mts" },
  { name: "nodenext, CommonJS", module: "nodenext", moduleResolution: "nodenext", file: "usage.cts" },
  { name: "node16, CommonJS", module: "node16", moduleResolution: "node16", file: "usage.cts" },
  { name: "bundler", module: "esnext", moduleResolution: "bundler", file: "usage.ts" },
];

describe.each(compilers)("the types under $name", ({ tsc }) => {
  beforeAll(async () => {
    await copyFile(join(folder, "usage.ts"), join(folder, "usage.mts"));
    await copyFile(join(folder, "usage.ts"), join(folder, "usage.cts"));
  });

  it.each(resolutions)("compile for a consumer ($name)", async ({ name, module, moduleResolution, file }) => {
    const config = join(folder, `tsconfig.${name.replace(/\W+/g, "-")}.json`);
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022"],
      types: ["node"],
      typeRoots: [join(packed.consumer, "node_modules", "@types")],
      module,
      moduleResolution,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await writeFile(config, JSON.stringify({ compilerOptions, files: [file] }));

    expect(await runNode([tsc, "--project", config, "--pretty", "false"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
