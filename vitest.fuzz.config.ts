import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** Hostile arguments for every public entry: a few in CI (`npm run test:fuzz`), five minutes each by `npm run fuzz`. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["test/fuzz/fuzz.entries.ts", "test/fuzz/*.test.ts"],
    testTimeout: 0,
    hookTimeout: 0,
    disableConsoleIntercept: true,
  },
});
