import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** The model test at length, and against deliberate bugs: `npm run test:model`. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["test/model/*.test.ts", "test/model/*.slow.ts"],
    env: { ROLECALL_MODEL_RUNS: process.env.ROLECALL_MODEL_RUNS ?? "10000" },
  },
});
