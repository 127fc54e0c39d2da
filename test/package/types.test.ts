import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packed, project, runNode, tools } from "./consumer.js";

const folder = join(packed.consumer, "types");
/** Compiled as an ES module and as CommonJS where TypeScript distinguishes them. */
const bothFormats = ["usage.mts", "usage.cts"];

const resolutions = [
  { name: "nodenext", module: "nodenext", moduleResolution: "nodenext", files: bothFormats },
  { name: "node16", module: "node16", moduleResolution: "node16", files: bothFormats },
  { name: "bundler", module: "esnext", moduleResolution: "bundler", files: ["usage.ts"] },
];
/** It does not read `exports`, and is the default for `module: commonjs`. */
const node10 = { name: "node10", module: "commonjs", moduleResolution: "node10", files: ["usage.ts"] };

const compilers = [
  {
    name: "TypeScript 5.0",
    tsc: join(tools, "typescript-5.0", "bin", "tsc"),
    // Until 5.8, node16 and nodenext are the same.
    resolutions: [...resolutions.filter(({ name }) => name !== "node16"), node10],
  },
  {
    name: "TypeScript 5.9",
    tsc: join(project, "node_modules", "typescript", "bin", "tsc"),
    resolutions: [...resolutions, node10],
  },
  {
    name: "TypeScript 6",
    tsc: join(tools, "typescript", "bin", "tsc"),
    resolutions: [...resolutions, { ...node10, ignoreDeprecations: "6.0" }],
  },
  // It no longer has node10.
  { name: "TypeScript 7", tsc: join(tools, "typescript-7", "bin", "tsc"), resolutions },
];

describe.each(compilers)("the types under $name", ({ name: compiler, tsc, resolutions }) => {
  beforeAll(async () => {
    for (const file of bothFormats) await copyFile(join(folder, "usage.ts"), join(folder, file));
  });

  it.each(resolutions)("compile for a consumer ($name)", async ({ name, files, ...resolution }) => {
    const config = join(folder, `tsconfig.${compiler}.${name}.json`);
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022"],
      types: ["node"],
      typeRoots: [join(packed.consumer, "node_modules", "@types")],
      ...resolution,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await writeFile(config, JSON.stringify({ compilerOptions, files }));

    expect(await runNode([tsc, "--project", config, "--pretty", "false"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
