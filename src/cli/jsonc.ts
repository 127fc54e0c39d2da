import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { quoted } from "../request/validation.js";
import { UsageError } from "./command.js";

/** Keyed by the parser's error names. */
const EXPECTED: Record<string, string> = {
  PropertyNameExpected: "a key in double quotes",
  ValueExpected: "a value",
  ColonExpected: '":"',
  CommaExpected: '","',
  CloseBraceExpected: '"}"',
  CloseBracketExpected: '"]"',
  EndOfFileExpected: "the end of the file",
};
const BROKEN: Record<string, string> = {
  UnexpectedEndOfComment: "this comment does not end",
  UnexpectedEndOfString: "this string does not end on its line",
  UnexpectedEndOfNumber: "this number is incomplete",
  InvalidNumberFormat: "this number is incomplete",
  InvalidUnicode: "this string has an invalid escape; write a backslash as \\\\",
  InvalidEscapeCharacter: "this string has an invalid escape; write a backslash as \\\\",
  InvalidCharacter: "this string has a control character; write a tab as \\t and a line feed as \\n",
};

/**
 * Parses JSON with comments and trailing commas, as editors allow. Rejects duplicate keys. Errors name the place without
 * quoting the text, which may contain a secret.
 * @throws UsageError, or RangeError if the text is nested too deeply
 */
export function parseJsonc(path: string, text: string): unknown {
  const linesBefore = (offset: number) => text.slice(0, offset).split(/\r\n|\r|\n/);
  const invalidAt = (offset: number, message: string) => {
    const lines = linesBefore(offset);
    return new UsageError(`${path}:${lines.length}:${(lines.at(-1) ?? "").length + 1}: ${message}.`);
  };

  /** Like `JSON.parse`, treats `__proto__` as an ordinary key. */
  function toValue({ type, value, children = [] }: Node): unknown {
    if (type === "array") return children.map(toValue);
    if (type !== "object") return value;
    const offsets = new Map<string, number>();
    const entries = children.map((property) => {
      const [key, item] = property.children as [Node, Node]; // the parser found no error, so both exist
      const before = offsets.get(key.value);
      if (before !== undefined) {
        const line = linesBefore(before).length;
        throw invalidAt(key.offset, `the key ${quoted(key.value)} is given twice, first on line ${line}`);
      }
      offsets.set(key.value, key.offset);
      return [key.value, toValue(item)] as const;
    });
    return Object.fromEntries(entries);
  }

  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (tree && errors.length === 0) return toValue(tree);
  const offset = errors[0]?.offset ?? text.length;
  throw invalidAt(offset, describeError(errors, text.slice(offset)));
}

function describeError(errors: readonly ParseError[], rest: string): string {
  const [name = "ValueExpected", next = ""] = errors.map(({ error }) => printParseErrorCode(error));
  // After a word that is not JSON, the second error names what was expected.
  const expected = EXPECTED[name] ?? EXPECTED[next] ?? "JSON";
  return BROKEN[name] ?? `expected ${expected}, found ${describeCharacter(rest)}`;
}

/** Quotes punctuation; names anything else by its kind, because it may be part of a secret. */
function describeCharacter([character]: string): string {
  if (character === undefined) return "the end of the file";
  if (/[{}[\]:,]/.test(character)) return `"${character}"`;
  if (character === '"') return "a string";
  if (character === "'") return "a single quote";
  if (/[-\d]/.test(character)) return "a number";
  if (/[\p{L}_$]/u.test(character)) return "a word";
  return `the character U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
}
