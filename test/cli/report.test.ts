import { expect, it } from "vitest";
import { Report } from "../../src/cli/report.js";

function write(isTTY: boolean, env: Record<string, string> = {}) {
  const parts: string[] = [];
  const report = new Report({ isTTY, write: (text: string) => parts.push(text) }, env);
  report.heading("Heading");
  report.fact(true, "holds");
  report.fact(false, "does not");
  report.detail("why");
  return { report, text: parts.join("") };
}

it("marks facts, and counts those that do not hold", () => {
  const { report, text } = write(false);
  expect(text).toBe("\nHeading\n  ✓ holds\n  ✗ does not\n    why\n");
  expect(report.failures).toBe(1);
});

it("colours on a terminal only, and not where NO_COLOR asks for none", () => {
  const ansi = "\u001b[";
  expect(write(true).text).toContain(ansi);
  expect(write(false).text).not.toContain(ansi);
  expect(write(true, { NO_COLOR: "1" }).text).not.toContain(ansi);
  expect(write(true, { TERM: "dumb" }).text).not.toContain(ansi);
});
