import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import packageJson from "./package.json" with { type: "json" };

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));
/** Where to write a JSON report beside the usual one; `.ci/run` counts tests in it. */
const report = process.env.ROLECALL_TEST_REPORT;

export default defineConfig({
  define: { __ROLECALL_VERSION__: JSON.stringify(packageJson.version) },
  resolve: {
    alias: [
      { find: /^aws-rolecall$/, replacement: source("index.ts") },
      { find: /^aws-rolecall\/(testing|policies|xsoar)$/, replacement: source("$1/index.ts") },
      { find: /^aws-rolecall\/(file-store|redis-store)$/, replacement: source("store/$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts", "docs/examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/package/**", "test/processes/**"],
    // By default one processor is left idle, which on two is half of them.
    maxWorkers: "100%",
    setupFiles: [fileURLToPath(new URL("./test/support/require.ts", import.meta.url))],
    testTimeout: 120_000, // a busy machine is no failure
    unstubEnvs: true,
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
  },
});
