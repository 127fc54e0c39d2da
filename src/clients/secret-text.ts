import { listBase64 } from "../foreign-text.js";

/** Decoded text. For each character, `starts` and `ends` give its position in the original text. */
interface Reading {
  readonly characters: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A secret in plain and encoded form. */
export type Secret = ReturnType<typeof toSecret>;

export const REDACTED = "[redacted]";
/** Shorter secrets would match by chance. AWS's secret keys and tokens are longer. */
const MIN_LENGTH = 16;
/** In characters. A longer string is redacted entirely. */
const MAX_TEXT = 64 * 1024;
/** Maximum depth of nested encodings, such as JSON in a query string. */
const MAX_LAYERS = 3;

export function toSecrets(texts: readonly (string | undefined)[]): Secret[] {
  return [...new Set(texts)].filter((text) => text !== undefined && text.length >= MIN_LENGTH).map(toSecret);
}

function toSecret(text = "") {
  const bytes = Buffer.from(text);
  return { text, forms: [text, ...listBase64(bytes)], hex: bytes.toString("hex") };
}

/**
 * Redacts secrets in plain and encoded form: percent, XML or JSON escapes, base64, and bytes in hex or decimal. Also
 * finds secrets that are wrapped at any column.
 */
export function withoutSecrets(text: string, secrets: readonly Secret[]): string {
  if (text.length < MIN_LENGTH || secrets.length === 0) return text;
  if (text.length > MAX_TEXT) return `${REDACTED} (${text.length} characters)`;
  const found: [start: number, end: number][] = [];
  const starts = Array.from({ length: text.length }, (_, index) => index);
  let reading: Reading | undefined = { characters: text, starts, ends: starts.map((index) => index + 1) };
  for (let layer = 0; reading && layer <= MAX_LAYERS; layer++) {
    const [digits, numbers] = [hexDigits(reading), byteNumbers(reading)];
    for (const secret of secrets) {
      for (const form of secret.forms) found.push(...occurrences(reading, form));
      found.push(...occurrences(digits, secret.hex), ...occurrences(numbers, secret.text));
    }
    reading = decodeLayer(reading);
  }
  return redact(text, found);
}

/** Replaces each match of `pattern` with the one character that it encodes, or drops it. */
function decodeMatches(
  from: Reading,
  pattern: RegExp,
  meaning: (match: string, ...groups: string[]) => string,
): Reading {
  const characters: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (const match of from.characters.matchAll(pattern)) {
    const character = meaning(match[0], ...match.slice(1));
    if (character.length !== 1) continue;
    characters.push(character);
    starts.push(from.starts[match.index] as number);
    ends.push(from.ends[match.index + match[0].length - 1] as number);
  }
  return { characters: characters.join(""), starts, ends };
}

const ENCODED =
  /%([0-9a-f]{2})|&#x([0-9a-f]{1,4});|&#(\d{1,5});|&(amp|lt|gt|quot|apos);|\\[ux]([0-9a-f]{4}|[0-9a-f]{2})|\\[nrtbf]|\\(["'/\\])|\s+|[\s\S]/gi;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Decodes one layer of escapes and drops white space. `undefined` if nothing changed. */
function decodeLayer(from: Reading): Reading | undefined {
  const reading = decodeMatches(from, ENCODED, (match, percent, entity, decimal, named, unit, itself) => {
    const hex = percent ?? entity ?? unit;
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCharCode(Number(decimal));
    if (named !== undefined) return NAMED[named.toLowerCase()] ?? "";
    if (itself !== undefined) return itself;
    return match.length === 1 && match.trim() !== "" ? match : "";
  });
  return reading.characters === from.characters ? undefined : reading;
}

/** The hexadecimal digits, ignoring everything between them. */
function hexDigits(from: Reading): Reading {
  return decodeMatches(from, /0x|\\x|[\s\S]/gi, (match) => (/^[0-9a-f]$/i.test(match) ? match.toLowerCase() : ""));
}

/** Reads decimal bytes as characters. */
function byteNumbers(from: Reading): Reading {
  return decodeMatches(from, /\d{1,3}/g, (match) => String.fromCharCode(Number(match)));
}

function occurrences({ characters, starts, ends }: Reading, wanted: string): [number, number][] {
  const found: [number, number][] = [];
  for (let at = characters.indexOf(wanted); at >= 0; at = characters.indexOf(wanted, at + wanted.length)) {
    found.push([starts[at] as number, ends[at + wanted.length - 1] as number]);
  }
  return found;
}

function redact(text: string, found: readonly [number, number][]): string {
  let safe = "";
  let done = 0;
  for (const [start, end] of [...found].sort(([a], [b]) => a - b)) {
    if (start >= done) safe += text.slice(done, start) + REDACTED;
    done = Math.max(done, end);
  }
  return safe + text.slice(done);
}
