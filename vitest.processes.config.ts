import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** Hundreds of processes that share sessions, and are killed; one that goes over 10,000 accounts: `npm run test:processes`. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ["test/processes/**/*.test.ts"], exclude: [], fileParallelism: false },
});
