import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** Hundreds of processes that share sessions, and are killed: `npm run test:processes`. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ["test/processes/**/*.test.ts"], exclude: [], fileParallelism: false },
});
