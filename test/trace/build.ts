import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { HOOKS, instrument } from "./instrument.js";

/** Inside node_modules, so that the build finds the packages. */
const CACHE = "node_modules/.cache/rolecall-trace";

/** Builds the journeys with an instrumented library, from a git ref or from the working tree. */
export async function buildJourneys(ref: string | undefined): Promise<typeof import("./journeys.js")> {
  const out = `${CACHE}/${ref === undefined ? "working-tree" : ref.replace(/\W/g, "-")}`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  if (ref !== undefined)
    execFileSync("tar", ["-x", "-C", out], { input: execFileSync("git", ["archive", ref, "src"]) });
  const src = resolve(ref === undefined ? "src" : `${out}/src`);

  const options = {
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    packages: "external",
    define: { __ROLECALL_VERSION__: '"0.0.0-trace"' },
    outExtension: { ".js": ".mjs" },
    chunkNames: "[name]-[hash]",
  } satisfies BuildOptions;
  // A separate build: the AWS that responds is not part of the count.
  await build({ ...options, entryPoints: { testing: `${src}/testing/index.ts` } });
  await build({
    ...options,
    entryPoints: { journeys: "test/trace/journeys.ts" },
    plugins: [libraryIn(src), instrumented(src)],
  });
  return await import(pathToFileURL(`${out}/journeys.mjs`).href);
}

function libraryIn(src: string): Plugin {
  return {
    name: "library",
    setup(build) {
      build.onResolve({ filter: /^aws-rolecall$/ }, () => ({ path: resolve(src, "index.ts") }));
      build.onResolve({ filter: /^aws-rolecall\/file-store$/ }, () => ({ path: resolve(src, "store/file-store.ts") }));
      build.onResolve({ filter: /^aws-rolecall\/testing$/ }, () => ({ path: "./testing.mjs", external: true }));
    },
  };
}

function instrumented(src: string): Plugin {
  return {
    name: "instrumented",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${HOOKS}$`) }, () => ({ path: resolve("test/trace/call-trace.ts") }));
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!path.startsWith(`${src}${sep}`)) return undefined;
        const file = relative(src, path).split(sep).join("/");
        return { loader: "ts", contents: instrument(`src/${file}`, await readFile(path, "utf8")) };
      });
    },
  };
}
