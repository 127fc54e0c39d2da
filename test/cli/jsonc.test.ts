import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/command.js";
import { parseJsonc } from "../../src/cli/jsonc.js";

const parse = (text: string) => parseJsonc("file.json", text);

describe("a JSON document", () => {
  it("is read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 2, "\t"), (json, space) => {
        const value = JSON.parse(json);
        expect(parse(JSON.stringify(value, undefined, space))).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });

  it("may have comments and trailing commas", () => {
    expect(parse('// one\n{ "a": [1, 2,], /* two */ "b": "// no comment", } // three')).toEqual({
      a: [1, 2],
      b: "// no comment",
    });
  });

  it("may have a key named __proto__, which changes no prototype", () => {
    const value = parse('{ "__proto__": { "region": "x" } }') as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("may have one key in several objects", () => {
    expect(parse('[{ "a": 1 }, { "a": 2, "b": { "a": 3 } }]')).toEqual([{ a: 1 }, { a: 2, b: { a: 3 } }]);
  });
});

describe("an error names the place of", () => {
  it.each([
    ["a missing colon", '{\n  "roleArn" "x"\n}', 'file.json:2:13: expected ":", found a string.'],
    ["an unterminated object", '{\n  "roleArn": "x"\n', 'file.json:3:1: expected "}", found the end of the file.'],
    ["an unterminated array", '{ "allowedRoles": ["x" }', 'file.json:1:24: expected ",", found "}".'],
    ["a key without quotes", '{ roleArn: "x" }', "file.json:1:3: expected a key in double quotes, found a word."],
    ["single quotes", "{ 'roleArn': 'x' }", "file.json:1:3: expected a key in double quotes, found a single quote."],
    [
      "typographic quotes",
      "{ “roleArn”: 1 }",
      "file.json:1:3: expected a key in double quotes, found the character U+201C.",
    ],
    ["no value", '{ "roleArn": }', 'file.json:1:14: expected a value, found "}".'],
    ["a value without quotes", '{ "roleArn": arn }', "file.json:1:14: expected a value, found a word."],
    ["a second value", "{} {}", 'file.json:1:4: expected the end of the file, found "{".'],
    ["an unterminated string", '{ "roleArn": "x\n}', "file.json:1:14: this string does not end on its line."],
    [
      "a Windows path",
      '{ "tags": { "a": "C:\\path" } }',
      "file.json:1:18: this string has an invalid escape; write a backslash as \\\\.",
    ],
    ["an unterminated comment", "{ /* }", "file.json:1:3: this comment does not end."],
    [
      "a tab inside a string",
      '{ "tags": { "a": "b\tc" } }',
      "file.json:1:18: this string has a control character; write a tab as \\t and a line feed as \\n.",
    ],
  ])("%s", (_, text, message) => {
    expect(() => parse(text)).toThrow(new UsageError(message));
  });

  it.each([
    [
      "a key twice, deeper",
      '{ "tags": { "a": "1",\n "a": "2" } }',
      'file.json:2:2: the key "a" is given twice, first on line 1.',
    ],
    [
      "__proto__ twice",
      '{ "__proto__": 1, "__proto__": 2 }',
      'file.json:1:19: the key "__proto__" is given twice, first on line 1.',
    ],
  ])("%s", (_, text, message) => {
    expect(() => parse(text)).toThrow(new UsageError(message));
  });

  it.each(["\n", "\r\n", "\r"])("a mistake after line breaks of %j", (lineBreak) => {
    expect(() => parse(`{${lineBreak}${lineBreak} x`)).toThrow("file.json:3:2: ");
  });
});

it("an error is one line that quotes nothing but punctuation, whatever the text", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{8,20}$/), fc.stringMatching(/^[{}[\]:,"' \n]{0,6}$/), (secret, before) => {
      try {
        parse(before + secret);
        expect.unreachable("a bare word is no JSON");
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as Error).message).toMatch(/^file\.json:\d+:\d+: .*\.$/);
        expect((error as Error).message).not.toContain(secret);
      }
    }),
    { numRuns: 100 },
  );
});

it("a document that is nested too deeply is a RangeError", () => {
  expect(() => parse("[".repeat(100_000))).toThrow(RangeError);
});
