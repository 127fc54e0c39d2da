import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** Hostile arguments for every public entry, five minutes each: `npm run fuzz`. Not part of CI. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["test/fuzz/fuzz.entries.ts"],
    testTimeout: 0,
    hookTimeout: 0,
    disableConsoleIntercept: true,
  },
});
