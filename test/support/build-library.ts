import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect } from "vitest";

/** A mistake that somebody could make: one piece of text in one file of the source, and what it becomes. */
export interface Bug {
  readonly file: string;
  readonly text: string;
  readonly becomes: string;
}

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
/** Where Node finds the library's dependencies from. */
const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

/**
 * Builds modules of `src`, as ES modules that Node runs, with `bug` in them. Gives the folder, in which each is named as
 * in `entries`, and what removes it.
 */
export async function buildLibrary(entries: Record<string, string>, bug?: Bug) {
  const folder = await mkdtemp(join(MODULES, ".rolecall-build-"));
  let patched = 0;
  await build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(SOURCE, file)])),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    define: { __ROLECALL_VERSION__: '"0.0.0"' },
    plugins: [
      {
        name: "deliberate-bug",
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, "utf8");
            if (relative(SOURCE, path) !== bug?.file) return { contents: text, loader: "ts" };
            patched++;
            return { contents: replaceOnce(text, bug), loader: "ts" };
          });
        },
      },
    ],
  });
  expect(patched).toBe(bug ? 1 : 0);
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

function replaceOnce(text: string, { file, text: before, becomes }: Bug): string {
  const pieces = text.split(before);
  if (pieces.length !== 2) throw new Error(`${file} holds the text to replace ${pieces.length - 1} times: ${before}`);
  return pieces.join(becomes);
}
