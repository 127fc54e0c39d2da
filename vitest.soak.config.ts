import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** A resolver's life: two hours of it in CI (`npm run test:soak`), two days in eleven minutes (`npm run soak`). */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["test/soak/two-hours.test.ts", "test/soak/two-days.soak.ts"],
    testTimeout: 0,
    disableConsoleIntercept: true,
  },
});
