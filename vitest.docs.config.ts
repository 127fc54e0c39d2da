import { defineConfig } from "vitest/config";
import { shared } from "./vitest.shared.js";

/** Compiles each page's code as a reader would paste it, and checks the language of all text: `npm run test:docs`. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ["test/docs/pasted-pages.test.ts", "test/language/*.test.ts"] },
});
