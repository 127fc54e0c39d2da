import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pages, project, read } from "../docs/code-blocks.js";
import { findHabits, HABITS } from "./habits.js";
import { extractCommentsAndStrings, extractProse, extractTestTitles } from "./readable-text.js";

const filesUnder = (folder: string, ending: RegExp) =>
  readdirSync(join(project, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`)
    .toSorted();

const MARKDOWN = [...pages, ...["CONTRIBUTING.md"].filter((page) => existsSync(join(project, page)))];

describe("plain English", () => {
  it.each([
    ["pages", MARKDOWN, extractProse],
    ["examples", filesUnder("docs/examples", /\.ts$/), extractCommentsAndStrings],
    ["comments and strings of the source", filesUnder("src", /\.ts$/), extractCommentsAndStrings],
    ["titles of tests", filesUnder("test", /\.test\.ts$/), extractTestTitles],
  ])("has none of the old habits in %s", (_, files, readableText) => {
    expect(files.length).toBeGreaterThan(0);
    const findings = report(files, readableText);
    if (findings !== "") expect.fail(findings);
  });
});

/** The number of findings in each file, then each finding with the better wording. */
function report(files: readonly string[], readableText: (text: string) => string): string {
  const found = files
    .map((file) => ({ file, findings: findHabits(readableText(read(file))) }))
    .filter(({ findings }) => findings.length > 0);
  const counts = found.map(({ file, findings }) => `${findings.length} in ${file}`);
  const lines = found.flatMap(({ file, findings }) =>
    findings.map(({ line, words, habit }) => `${file}:${line}: "${words}": ${habit.reason}; better: ${habit.better}`),
  );
  return [...counts, ...lines].join("\n");
}

describe("the check itself", () => {
  it.each(HABITS.map(({ example, pattern }) => ({ example, pattern })))("finds the habit in: $example", (habit) => {
    expect(findHabits(habit.example).map(({ habit: { pattern } }) => pattern)).toContain(habit.pattern);
  });

  it("accepts plain English", () => {
    const plain = [
      "There is no default. If there are no roles, the command fails.",
      "The limit is no longer than an hour, such as 50 minutes.",
      "The reader tries each key in order. This service stands in for STS.",
      "It serves the cached session instead of an error.",
    ];
    expect(plain.flatMap(findHabits)).toEqual([]);
  });

  it("finds a phrase across a line break, and reports the line on which it begins", () => {
    const comment = "const a = 1;\n/**\n * The answer has\n * to name it.\n */\n// This is such\n// a thing.\n";
    expect(findHabits(extractCommentsAndStrings(comment)).map(({ line, words }) => [line, words])).toEqual([
      [3, "has to"],
      [6, "such a"],
    ]);
  });

  it("reads comments, strings and templates of a source file, not its code or its imports", () => {
    const source = [
      'import { x } from "./misspelt.js";',
      "const anew = 1;",
      'const hint = "Load it anew.";',
      "const pattern = /[/*]anew/; // Comment: anew",
      "const text = `Load it anew.`; /* anew */",
    ].join("\n");
    expect(findHabits(extractCommentsAndStrings(source)).map(({ line }) => line)).toEqual([3, 4, 5, 5]);
  });

  it("reads the prose of a page, not its code blocks, inline code, link targets or HTML comments", () => {
    const page = [
      "Load it anew.",
      "```ts",
      "load(anew);",
      "```",
      "`anew` [it](anew.md)",
      "<!-- anew -->",
      "Again: anew.",
    ];
    expect(findHabits(extractProse(page.join("\n"))).map(({ line }) => line)).toEqual([1, 7]);
  });

  it("reads the titles of a test file and nothing else in it", () => {
    const test = [
      'describe("anew", () => {',
      '  it.each(["anew"])("loads %s anew", () => load("anew")); // anew',
      "  test(`anew`, () => load(`anew`));",
      "});",
    ];
    expect(findHabits(extractTestTitles(test.join("\n"))).map(({ line }) => line)).toEqual([1, 2, 3]);
  });
});
