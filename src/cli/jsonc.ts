import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { quoted } from "../request/validation.js";

/** The text is not JSON. The message describes the problem without quoting the text, which may contain a secret. */
export class JsonError extends Error {
  override readonly name = "JsonError";

  /** `line:column`, from 1; `undefined` if the error is about the whole text. */
  readonly place: string | undefined;

  constructor(message: string, { place, cause }: { place?: string; cause?: unknown }) {
    super(message, { cause });
    this.place = place;
  }
}

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
 * Parses JSON with comments and trailing commas, as editors allow. Rejects duplicate keys.
 * @throws JsonError
 */
export function parseJsonc(text: string): unknown {
  try {
    const errors: ParseError[] = [];
    const tree = parseTree(text, errors, { allowTrailingComma: true });
    if (!tree || errors.length > 0) throw toJsonError(text, errors);
    return toValue(text, tree);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new JsonError("is nested too deeply", { cause: error }); // in the parser or in `toValue`
  }
}

function toJsonError(text: string, [first, second]: readonly ParseError[]): JsonError {
  const readErrorName = (error: ParseError | undefined) => error && printParseErrorCode(error.error);
  const { offset } = first ?? { offset: text.length };
  const name = readErrorName(first) ?? "ValueExpected";
  // After a word that is not JSON, the second error names what was expected.
  const expected = EXPECTED[name] ?? EXPECTED[readErrorName(second) ?? ""] ?? "JSON";
  const message = BROKEN[name] ?? `expected ${expected}, found ${describeCharacter(text, offset)}`;
  return new JsonError(message, { place: toPlace(text, offset) });
}

/** Quotes punctuation; names anything else by its kind, because it may be part of a secret. */
function describeCharacter(text: string, offset: number): string {
  const [character] = text.slice(offset, offset + 2);
  if (character === undefined) return "the end of the file";
  if (/[{}[\]:,]/.test(character)) return `"${character}"`;
  if (character === '"') return "a string";
  if (character === "'") return "a single quote";
  if (/[-\d]/.test(character)) return "a number";
  if (/[\p{L}_$]/u.test(character)) return "a word";
  return `the character U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Like `JSON.parse`, treats `__proto__` as an ordinary key. */
function toValue(text: string, { type, value, children = [] }: Node): unknown {
  if (type === "array") return children.map((item) => toValue(text, item));
  if (type !== "object") return value;
  const offsets = new Map<string, number>();
  const entries = children.map((property) => {
    const [key, item] = property.children as [Node, Node]; // the parser found no error, so both exist
    const name = String(key.value);
    const before = offsets.get(name);
    if (before !== undefined) throw duplicateKey(text, name, before, key.offset);
    offsets.set(name, key.offset);
    return [name, toValue(text, item)] as const;
  });
  return Object.fromEntries(entries);
}

function duplicateKey(text: string, name: string, before: number, offset: number): JsonError {
  const message = `the key ${quoted(name)} is given twice, first on line ${splitLinesBefore(text, before).length}`;
  return new JsonError(message, { place: toPlace(text, offset) });
}

function toPlace(text: string, offset: number): string {
  const lines = splitLinesBefore(text, offset);
  return `${lines.length}:${(lines.at(-1) ?? "").length + 1}`;
}

function splitLinesBefore(text: string, offset: number): string[] {
  return text.slice(0, offset).split(/\r\n|\r|\n/);
}
