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

it("marks each result and counts the failures", () => {
  const { report, text } = write(false);
  expect(text).toBe("\nHeading\n  ✓ holds\n  ✗ does not\n    why\n");
  expect(report.failures).toBe(1);
});

it("uses colors only on a terminal, unless NO_COLOR is set", () => {
  const ansi = "\u001b[";
  expect(write(true).text).toContain(ansi);
  expect(write(false).text).not.toContain(ansi);
  expect(write(true, { NO_COLOR: "1" }).text).not.toContain(ansi);
  expect(write(true, { TERM: "dumb" }).text).not.toContain(ansi);
});
