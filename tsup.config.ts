import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { transform } from "esbuild";
import { defineConfig, type Options } from "tsup";
import packageJson from "./package.json" with { type: "json" };

type Plugin = NonNullable<Options["plugins"]>[number];
type BundlerPlugin = NonNullable<Options["esbuildPlugins"]>[number];

const library = { index: "src/index.ts", testing: "src/testing/index.ts" };

const shared: Options = {
  format: "esm",
  target: "node20",
  platform: "node",
  // Entries share their modules: one error class and one default resolver, whichever subpath is imported.
  splitting: true,
  define: { __ROLECALL_VERSION__: JSON.stringify(packageJson.version) },
};

/**
 * Turns split ES modules into split CommonJS. tsup's own way to do so rewrites class fields, which loses class names,
 * and leaves paths of the building machine in the source maps; with its `treeshake`, lazy imports stay `import()`,
 * which Jest's CommonJS cannot run.
 */
const commonJs: Plugin = {
  name: "common-js",
  async renderChunk(code, { path }) {
    if (!path.endsWith(".cjs")) return;
    const { code: commonJsCode } = await transform(code, {
      format: "cjs",
      platform: "node",
      target: "node20",
      supported: { "dynamic-import": false },
      // An `.mjs` file gets Node's meaning of a default import.
      sourcefile: "chunk.mjs",
    });
    return { code: commonJsCode };
  },
};

/** The licences of what is bundled ask to travel with it. */
const thirdPartyLicenses: BundlerPlugin = {
  name: "third-party-licenses",
  setup(build) {
    build.onEnd(async ({ metafile }) => {
      const inputs = Object.keys(metafile?.inputs ?? {});
      const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []));
      const texts = await Promise.all([...folders].sort().map(licenseOf));
      await mkdir("dist", { recursive: true });
      await writeFile("dist/THIRD-PARTY-LICENSES.txt", texts.join(`\n${"-".repeat(72)}\n\n`));
    });
  },
};

async function licenseOf(folder: string): Promise<string> {
  const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
  if (!file) throw new Error(`${folder} is bundled and carries no licence file`);
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  return `${name}\n\n${(await readFile(`${folder}/${file}`, "utf8")).trim()}\n`;
}

export default defineConfig([
  {
    ...shared,
    entry: { ...library, cli: "src/cli/index.ts" },
    skipNodeModulesBundle: true,
    sourcemap: true,
    dts: { entry: library },
  },
  {
    ...shared,
    entry: library,
    outExtension: () => ({ js: ".cjs" }),
    // ESM only, so Jest's CommonJS could not load them: they travel inside this build.
    noExternal: ["p-retry", "p-queue"],
    plugins: [commonJs],
    esbuildPlugins: [thirdPartyLicenses],
  },
  // The declarations of the CommonJS build.
  { ...shared, format: "cjs", entry: library, dts: { entry: library, only: true } },
]);
