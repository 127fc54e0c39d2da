import { defineConfig } from "vitest/config";

const report = process.env.ROLECALL_TEST_REPORT;

/** The packed library as its users meet it: `npm run test:package`. */
export default defineConfig({
  test: {
    include: ["test/package/*.test.ts"],
    globalSetup: "test/package/pack.ts",
    testTimeout: 120_000,
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
  },
});
