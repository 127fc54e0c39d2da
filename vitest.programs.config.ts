import { defineConfig } from "vitest/config";
import { PROGRAMS, shared } from "./vitest.shared.js";

/** The library and its local AWS beside programs of others, as far as these are installed: `npm run test:programs`. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: PROGRAMS },
});
