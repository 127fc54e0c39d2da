import { defineConfig } from "vitest/config";
import config from "./vitest.config.js";

/** Hundreds of processes that share sessions, and are killed: `npm run test:processes`. */
export default defineConfig({
  ...config,
  test: { ...config.test, include: ["test/processes/**/*.test.ts"], exclude: [], fileParallelism: false },
});
