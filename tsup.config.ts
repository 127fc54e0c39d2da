import { readFile, writeFile } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";
import packageJson from "./package.json" with { type: "json" };

const library = { index: "src/index.ts", testing: "src/testing/index.ts" };

/** ESM only, so Jest's CommonJS could not load them: they travel inside the CJS build, with what they depend on. */
const bundledIntoCjs = ["p-retry", "is-network-error", "p-queue", "p-timeout", "eventemitter3"];

const shared: Options = {
  target: "node20",
  platform: "node",
  // Entries share their modules: one error class and one default resolver, whichever subpath is imported.
  splitting: true,
  dts: { entry: library },
  define: { __ROLECALL_VERSION__: JSON.stringify(packageJson.version) },
};

/** Their licences ask to travel with the code. */
async function writeThirdPartyLicenses(): Promise<void> {
  const texts = bundledIntoCjs.map(async (name) => {
    const folder = new URL(`./node_modules/${name}/`, import.meta.url);
    const text = await readFile(new URL("license", folder), "utf8").catch(() =>
      readFile(new URL("LICENSE", folder), "utf8"),
    );
    return `${name}\n\n${text.trim()}\n`;
  });
  await writeFile("dist/THIRD-PARTY-LICENSES.txt", (await Promise.all(texts)).join(`\n${"-".repeat(72)}\n\n`));
}

export default defineConfig([
  { ...shared, format: "esm", entry: { ...library, cli: "src/cli/index.ts" }, sourcemap: true },
  // No source maps here, nor tsup's `treeshake`: with `splitting`, the maps hold absolute paths of the machine that
  // builds, and the second turns a lazy import into a real `import()`, which Jest's CommonJS cannot run.
  { ...shared, format: "cjs", entry: library, noExternal: bundledIntoCjs, onSuccess: writeThirdPartyLicenses },
]);
