import { defineConfig } from "vitest/config";
import shared from "./vitest.config.js";

/** Days of a resolver's life in minutes: `npm run soak`. Not part of CI. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["test/soak/*.soak.ts"],
    testTimeout: 0,
    disableConsoleIntercept: true,
  },
});
