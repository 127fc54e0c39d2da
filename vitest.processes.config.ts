import { defineConfig } from "vitest/config";
import config from "./vitest.config.js";

/** Hundreds of processes that share sessions, and are killed: `npm run test:processes`. */
export default defineConfig({
  ...config,
  test: { ...config.test, include: ["test/processes/**/*.test.ts"],
    // Fifty processes at once are a load of their own: another file beside them would be measured, too.
    fileParallelism: false, exclude: [], fileParallelism: false },
});
