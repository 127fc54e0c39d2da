import { defineConfig } from "vitest/config";
import config from "./vitest.config.js";

/** Hostile arguments for every public entry, five minutes each: `npm run fuzz`. Not part of CI. */
export default defineConfig({
  ...config,
  test: {
    ...config.test,
    include: ["test/fuzz/fuzz.entries.ts"],
    testTimeout: 0,
    hookTimeout: 0,
    disableConsoleIntercept: true,
  },
});
