import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** Faults of STS, of the metadata service and of the machine, long outages and large runs: `npm run test:faults`. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ["test/faults/*.test.ts"] },
});
