import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { PROGRAMS, shared } from "./vitest.shared.js";

/** They replace a module for the whole process, or depend on what the process has loaded. */
const OWN_PROCESS = [
  "docs/examples/mocked-sts.test.ts",
  "test/automatic-mock.test.ts",
  "test/foreign-shapes.test.ts",
  "test/sources/instance-profile.test.ts",
  "test/sources/metadata-endpoint.test.ts",
  "test/sources/test-run.test.ts",
  "test/sources/unused-environment.test.ts",
  "test/store/file-gate.test.ts",
  "test/store/odd-file-systems.test.ts",
  "test/store/shared-sessions.test.ts",
];

/** These have scripts of their own: `npm run test:faults`, and so on. CI runs each once, and this suite on every Node. */
const OTHER_SCRIPTS = [
  ...PROGRAMS,
  "test/docs/pasted-pages.test.ts",
  "test/faults/**",
  "test/fuzz/**",
  "test/language/**",
  "test/package/**",
  "test/processes/**",
  "test/soak/**",
];

/**
 * The suite that a change must pass: `npm test`. Test files share a process, which loads the AWS SDK once and not once for
 * each file.
 */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    projects: [
      {
        extends: true,
        test: {
          name: "suite",
          include: ["test/**/*.test.ts", "docs/examples/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...OTHER_SCRIPTS, ...OWN_PROCESS],
          isolate: false,
          setupFiles: [fileURLToPath(new URL("./test/support/new-default-resolver.ts", import.meta.url))],
        },
      },
      { extends: true, test: { name: "own process", include: OWN_PROCESS } },
    ],
  },
});
