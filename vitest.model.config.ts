import { defineConfig } from "vitest/config";
import config from "./vitest.config.js";

/** The model test at length, and against deliberate bugs: `npm run test:model`. */
export default defineConfig({
  ...config,
  test: {
    ...config.test,
    include: ["test/model/*.test.ts", "test/model/*.slow.ts"],
    env: { ROLECALL_MODEL_RUNS: process.env.ROLECALL_MODEL_RUNS ?? "10000" },
  },
});
