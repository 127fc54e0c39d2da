/** `node bundle.mjs <bundler> <entry> <folder>`: bundles an application for Node like users of each bundler. */
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const [bundler, entry, folder] = process.argv.slice(2);
const context = dirname(entry);
const host = `${process.platform}-${process.arch}`;

/** The conditions that tools without support for `module` set. */
const conditions = ["production"];
const conditionNames = ["production", "node", "import", "require", "default"];

const bundlers = {
  esbuild: () => esbuild({ outfile: join(folder, "app.cjs") }),
  "esbuild, with conditions": () => esbuild({ outfile: join(folder, "app.cjs"), conditions }),
  "esbuild, with conditions, as an ES module": () =>
    esbuild({
      outfile: join(folder, "app.mjs"),
      format: "esm",
      conditions,
      // The AWS SDK's Node build is CommonJS: inside an ES module it needs a `require`.
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    }),
  webpack: () => webpackLike("webpack"),
  "webpack, with conditionNames": () =>
    webpackLike("webpack", { resolve: { conditionNames }, mode: "development", devtool: false }),
  rspack: () => webpackLike("@rspack/core"),
  "rspack, with conditionNames": () => webpackLike("@rspack/core", { resolve: { conditionNames } }),
  rollup: async () => {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const { default: commonjs } = await import("@rollup/plugin-commonjs");
    const { default: json } = await import("@rollup/plugin-json");
    const plugins = [nodeResolve({ preferBuiltins: true, exportConditions: ["node"] }), commonjs(), json()];
    const bundle = await rollup({ input: entry, plugins, logLevel: "silent" });
    await bundle.write({ dir: folder, format: "es", entryFileNames: "app.mjs", chunkFileNames: "[name].mjs" });
  },
  ncc: async () => {
    const { default: ncc } = await import("@vercel/ncc");
    const { code, assets } = await ncc(entry, { cache: false, quiet: true });
    for (const [name, { source }] of Object.entries(assets)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), source);
    }
    await writeFile(join(folder, "app.mjs"), code);
  },
  bun: async () => {
    const arch = process.arch === "arm64" ? "aarch64" : process.arch;
    const bun = require.resolve(`@oven/bun-${process.platform}-${arch}/bin/bun`);
    await run(bun, ["build", entry, "--target=node", `--outfile=${join(folder, "app.mjs")}`]);
  },
  deno: async () => {
    const platform = process.platform === "linux" ? `${host}-glibc` : host;
    const deno = require.resolve(`@deno/${platform}/deno`);
    const home = await mkdtemp(join(tmpdir(), "rolecall-deno-"));
    try {
      // `deno bundle` runs this version of esbuild, and would download it.
      const version = require("esbuild-of-deno/package.json").version;
      const esbuild = createRequire(require.resolve("esbuild-of-deno")).resolve(`@esbuild/${host}/bin/esbuild`);
      const kept = join(home, "dl", `esbuild-${version}-1`, `esbuild-${host}`);
      await mkdir(dirname(kept), { recursive: true });
      await copyFile(esbuild, kept);
      await chmod(kept, 0o755);
      const options = ["--node-modules-dir=manual", "--platform=deno", `--output=${join(folder, "app.mjs")}`];
      const env = {
        ...process.env,
        DENO_DIR: home,
        DENO_NO_UPDATE_CHECK: "1",
        NPM_CONFIG_REGISTRY: "http://127.0.0.1:1",
      };
      await run(deno, ["bundle", ...options, entry], { cwd: context, env });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function esbuild(options) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    target: "node20",
    absWorkingDir: context,
    logLevel: "error",
    ...options,
  });
}

async function webpackLike(name, options = {}) {
  const { default: module } = await import(name);
  const bundle = name === "webpack" ? module : module.rspack;
  const config = {
    mode: "production",
    target: "node",
    context,
    entry,
    output: { path: folder, filename: "app.cjs" },
    ...options,
  };
  const stats = await promisify(bundle)(config);
  if (stats.hasErrors() || stats.hasWarnings())
    throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
}

await bundlers[bundler]();
