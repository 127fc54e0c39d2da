import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** Every fault of STS, of the metadata service and of the machine, and outages of 24 hours: `npm run test:faults`. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ["test/faults/*.test.ts"] },
});
