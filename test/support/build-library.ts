import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
/** The folder from which Node resolves the library's dependencies. */
const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

/**
 * Builds modules of `src` as ES modules that Node can run. Returns the folder, in which each module has its name in
 * `entries`, and a function that removes the folder.
 */
export async function buildLibrary(entries: Record<string, string>) {
  const folder = await mkdtemp(join(MODULES, ".rolecall-build-"));
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
  });
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
