import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { UsageError } from "./command.js";
import { parseJsonc } from "./jsonc.js";

/**
 * Reads a JSON file that an option names. Allows comments and trailing commas.
 * @param expected what the option takes: the last sentence of most errors
 * @throws UsageError naming the file
 */
export function readJsonFile(path: string, expected: string): { readonly value: unknown; readonly status: Stats } {
  const unusable = (why: string, advice = expected) => new UsageError(`${path} ${why}. ${advice}`);
  const { bytes, status } = read(path, expected, unusable);
  const encoding = findOtherEncoding(bytes);
  if (encoding) throw unusable(encoding, "Save it as UTF-8.");
  const text = new TextDecoder().decode(bytes); // strips a byte order mark
  if (text.trim() === "") throw unusable("is empty");
  try {
    return { value: parseJsonc(path, text), status };
  } catch (error) {
    if (isYaml(path, text)) throw unusable("is YAML");
    throw error instanceof RangeError ? unusable("is nested too deeply") : error;
  }
}

function read(path: string, expected: string, unusable: (why: string) => UsageError) {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw unusable("is a directory");
    return { bytes: readFileSync(descriptor), status };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${path}: ${(error as { code?: string }).code}. ${expected}`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Recognizes UTF-16 by its byte order mark, or by the zero byte of an ASCII character. */
function findOtherEncoding(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (hasMark || (first === 0) !== (second === 0)) return "is UTF-16";
  return isUtf8(bytes) ? undefined : "is not UTF-8";
}

/** Recognizes YAML by the file name, or by its first line without a comment: `---`, a list item, or an unquoted key. */
function isYaml(path: string, text: string): boolean {
  const first = text.split(/\r?\n/).find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
  return /\.ya?ml$/i.test(path) || /^(---|%YAML|- |[\w-]+:(\s|$))/.test(first);
}
