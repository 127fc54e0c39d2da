import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { ViteUserConfig } from "vitest/config";
import packageJson from "./package.json" with { type: "json" };

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));
/** Where to write a JSON report beside the usual one; `.ci/run` counts tests in it. */
const report = process.env.ROLECALL_TEST_REPORT;

/** How every script builds the library for its tests and reports them. Each config adds the files that it runs. */
export const shared = {
  define: { __ROLECALL_VERSION__: JSON.stringify(packageJson.version) },
  resolve: {
    alias: [
      { find: /^aws-rolecall$/, replacement: source("index.ts") },
      { find: /^aws-rolecall\/(testing|policies|xsoar|accounts)$/, replacement: source("$1/index.ts") },
      { find: /^aws-rolecall\/(file-store|redis-store)$/, replacement: source("store/$1.ts") },
    ],
  },
  test: {
    // One more than processors: some files mostly wait, for a socket that hangs or for Redis.
    maxWorkers: availableParallelism() + 1,
    setupFiles: ["require", "no-platform"].map((name) =>
      fileURLToPath(new URL(`./test/support/${name}.ts`, import.meta.url)),
    ),
    testTimeout: 120_000, // a busy machine is not a failure
    unstubEnvs: true,
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
  },
} satisfies ViteUserConfig;

/** Tests with programs of others: Moto, the AWS CLI, boto3, and a cluster and Sentinels of Redis. */
export const PROGRAMS = [
  "test/cli/exec/programs.test.ts",
  "test/conformance/moto-accounts.test.ts",
  "test/conformance/moto.test.ts",
  "test/docs/moving-xsoar.test.ts",
  "test/store/redis-topologies.test.ts",
  "test/testing/foreign-clients.test.ts",
];
