import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { basename, resolve } from "node:path";
import { transform } from "esbuild";
import { defineConfig, type Options } from "tsup";
import packageJson from "./package.json" with { type: "json" };

type Plugin = NonNullable<Options["plugins"]>[number];
type BundlerPlugin = NonNullable<Options["esbuildPlugins"]>[number];

/**
 * What travels inside the build: small packages, which cost Node more to find than to run. Two of them are ES modules
 * only, so that Jest's CommonJS could not load them either. The agents for proxies are a chunk of their own, and
 * the last one is for the command line alone.
 */
const BUNDLED = ["leven", "lru-cache", "p-retry", "p-queue", "hpagent", "jsonc-parser"];
/** What every entry loads: the library, and small modules that would each be one more file. */
const FIRST = ["index.ts", "store/aws-environment.ts", "store/file-gate.ts"];
/** An import of one of Node's modules, as esbuild writes it. */
const NODE_IMPORT = /^import (\{[^}]+\}|\w+) from "([\w:/]+)";$/gm;
const library = {
  index: "src/index.ts",
  testing: "src/testing/index.ts",
  "file-store": "src/store/file-store.ts",
  "redis-store": "src/store/redis-store.ts",
  policies: "src/policies/index.ts",
  xsoar: "src/xsoar/index.ts",
  accounts: "src/accounts/index.ts",
};
const sdk = { "sdk/imds": "src/sdk/imds.ts", "sdk/profiles": "src/sdk/profiles.ts", "sdk/sts": "src/sdk/sts.ts" };

const shared: Options = {
  format: "esm",
  target: "node20",
  platform: "node",
  // Entries share their modules: one error class and one default resolver, whichever subpath is imported.
  splitting: true,
  // Readable: Node quotes the line that threw, and minifying gains no time.
  sourcemap: true,
  define: {
    __ROLECALL_VERSION__: JSON.stringify(packageJson.version),
    // lru-cache and p-retry read it for time limits that the library does not set. Node would load `perf_hooks` for it.
    performance: "Date",
  },
};

/**
 * Turns split ES modules into split CommonJS. tsup's own way to do so rewrites class fields, which loses class names,
 * and leaves paths of the building machine in the source maps; with its `treeshake`, lazy imports stay `import()`,
 * which Jest's CommonJS cannot run.
 */
const commonJs: Plugin = {
  name: "common-js",
  async renderChunk(code, chunk) {
    if (!chunk.path.endsWith(".cjs")) return;
    const map = String(chunk.map);
    const commonJs = await transform(`${code}\n//# sourceMappingURL=data:application/json,${encodeURIComponent(map)}`, {
      format: "cjs",
      platform: "node",
      target: "node20",
      supported: { "dynamic-import": false },
      define: { __ROLECALL_REQUIRE__: "require" },
      sourcemap: "external",
      // An `.mjs` file gets Node's meaning of a default import.
      sourcefile: "chunk.mjs",
    });
    // Set here: what a plugin returns is joined by tsup, with the path of the written file. None where nothing is mapped.
    const { sources } = JSON.parse(map) as { sources: string[] };
    chunk.map = sources.length > 0 ? commonJs.map : null;
    return { code: commonJs.code };
  },
};

/**
 * Takes Node's modules from `process.getBuiltinModule`, because importing one costs an ES module half a millisecond or
 * more, even if Node has loaded it already. CommonJS requires them at no such cost.
 */
const nodeModulesAtOnce: Plugin = {
  name: "node-modules-at-once",
  renderChunk(code, { path }) {
    if (!path.endsWith(".js")) return;
    const take = (whole: string, names: string, id: string) => {
      if (!isBuiltin(id)) return whole;
      return `const ${names.replace(/ as /g, ": ")} = process.getBuiltinModule("${id}");`;
    };
    return { code: code.replace(NODE_IMPORT, take) };
  },
};

const asCommonJs: Options = { outExtension: () => ({ js: ".cjs" }), plugins: [commonJs] };

/**
 * Puts all that is loaded at first into one file, since each file costs Node half a millisecond. A bundler splits what
 * several entries share by which of them share it; so every other entry imports the library as a whole.
 */
const oneFileAtFirst: BundlerPlugin = {
  name: "one-file-at-first",
  setup(build) {
    const contents = FIRST.map((file) => `import "./${file}";`).join("\n");
    build.onLoad(
      {
        filter:
          /[\\/]src[\\/](index|(sources|clients|testing|cli|cli[\\/]\w+|store|policies|xsoar|accounts)[\\/]\w[\w-]*)\.ts$/,
      },
      async ({ path }) => ({
        loader: "ts",
        contents: `${await readFile(path, "utf8")}\nimport "whole-library";\n`,
      }),
    );
    build.onResolve({ filter: /^whole-library$/ }, ({ path }) => ({ path, namespace: "first", sideEffects: true }));
    build.onLoad({ filter: /.*/, namespace: "first" }, () => ({ contents, resolveDir: resolve("src") }));
  },
};

/**
 * Leads to the SDK through `#sdk/…`, of which `imports` in package.json makes a CommonJS file for Node: to import the
 * SDK's thirty CommonJS files one by one takes Node 20 ms longer than to require them. Bundlers get the ES module.
 */
const sdkThroughRequire: BundlerPlugin = {
  name: "sdk-through-require",
  setup(build) {
    build.onResolve({ filter: /\/sdk\/(imds|profiles|sts)\.js$/ }, ({ path }) => ({
      path: `#sdk/${basename(path, ".js")}`,
      external: true,
    }));
  },
};

/** Lets the command line take the file store from the entry of that name, which would else be a file that leads to another. */
const fileStoreFromItsEntry: BundlerPlugin = {
  name: "file-store-from-its-entry",
  setup(build) {
    build.onResolve({ filter: /\/store\/file-store\.js$/ }, () => ({ path: "./file-store.js", external: true }));
  },
};

/** hpagent is CommonJS, whose `require` no ES module has: what it needs of Node is imported instead. */
const agentsAsModule: BundlerPlugin = {
  name: "agents-as-module",
  setup(build) {
    build.onLoad({ filter: /[\\/]hpagent[\\/]index\.mjs$/ }, async ({ path }) => {
      const text = await readFile(path.replace(/mjs$/, "js"), "utf8");
      const contents = text
        .replace(/^const (.+) = require\('(\w+)'\)$/gm, 'import $1 from "node:$2"')
        .replace("module.exports =", "export");
      if (/\brequire\b|\bmodule\b/.test(contents)) throw new Error(`${path} is written in another way than before`);
      return { contents };
    });
  },
};

interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly licenseText: string;
}

/** What is bundled is invisible to npm and to audits: its licences, which ask to travel with it, and a bill of materials. */
const bundledPackages: BundlerPlugin = {
  name: "bundled-packages",
  setup(build) {
    build.onEnd(async ({ metafile }) => {
      const inputs = Object.keys(metafile?.inputs ?? {});
      const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []));
      const packages = await Promise.all([...folders].sort().map(readPackage));
      const texts = packages.map(({ name, version, licenseText }) => `${name} ${version}\n\n${licenseText}\n`);
      await mkdir("dist", { recursive: true });
      await writeFile("dist/THIRD-PARTY-LICENSES.txt", texts.join(`\n${"-".repeat(72)}\n\n`));
      await writeFile("dist/sbom.cdx.json", `${JSON.stringify(billOfMaterials(packages), null, 2)}\n`);
    });
  },
};

async function readPackage(folder: string): Promise<BundledPackage> {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  if (!file || typeof license !== "string") throw new Error(`${folder} is bundled and names no licence`);
  return { name, version, license, licenseText: (await readFile(`${folder}/${file}`, "utf8")).trim() };
}

/** CycloneDX, https://cyclonedx.org/docs/1.6/json: the same for the same packages, so without a time and a serial number. */
function billOfMaterials(packages: readonly BundledPackage[]): object {
  const component = ({ name, version, license }: Omit<BundledPackage, "licenseText">) => {
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    return { type: "library", "bom-ref": purl, name, version, licenses: [{ license: { id: license } }], purl };
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: component(packageJson) },
    components: packages.map(component),
  };
}

export default defineConfig([
  {
    ...shared,
    entry: { ...library, cli: "src/cli/index.ts" },
    noExternal: BUNDLED,
    plugins: [nodeModulesAtOnce],
    external: [/^@aws-sdk\//], // the demo uses clients that are no dependency
    esbuildPlugins: [oneFileAtFirst, sdkThroughRequire, fileStoreFromItsEntry, agentsAsModule, bundledPackages],
    dts: { entry: library },
  },
  {
    ...shared,
    ...asCommonJs,
    entry: library,
    noExternal: BUNDLED,
    esbuildPlugins: [oneFileAtFirst, sdkThroughRequire, agentsAsModule],
  },
  // Separate, because with the library they would share a chunk of esbuild's helpers: one more file to load.
  { ...shared, entry: sdk },
  { ...shared, ...asCommonJs, entry: sdk },
  // The declarations of the CommonJS build.
  { ...shared, format: "cjs", entry: library, dts: { entry: library, only: true } },
]);
