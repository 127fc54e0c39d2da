import { escapeInvisible } from "./request/validation.js";

/** In characters. AWS messages are a few hundred characters long. */
const LONGEST_TEXT = 1000;
/** Shorter values are not secrets and would match by chance. */
const SHORTEST_SECRET = 4;

/** The shape of AWS error codes and request ids. */
const LABEL = /^[\w.:-]{1,128}$/;

/**
 * Makes third-party text safe to put in a message: redacts `secrets` in their usual encodings, escapes characters that
 * could control a terminal or forge a log line, and limits the length.
 */
export function foreignText(text: unknown, secrets: Iterable<string> = []): string {
  if (typeof text !== "string") return "";
  const kept = redactSecrets(text, secrets);
  const shown = kept.length > LONGEST_TEXT ? `${kept.slice(0, LONGEST_TEXT)}… (${kept.length} characters)` : kept;
  return escapeInvisible(shown);
}

/** A third-party code, name or id; `undefined` if it does not look like one or contains a secret. */
export function foreignLabel(text: unknown, secrets: Iterable<string> = []): string | undefined {
  return typeof text === "string" && LABEL.test(text) && redactSecrets(text, secrets) === text ? text : undefined;
}

function redactSecrets(text: string, secrets: Iterable<string>): string {
  const encodings = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(listEncodings);
  if (encodings.length === 0) return text;
  // Longest first, because one encoding may be a prefix of another.
  const alternatives = encodings.sort((a, b) => b.length - a.length).map(escapeForPattern);
  return text.replace(new RegExp(alternatives.join("|"), "gi"), "[redacted]");
}

/** The forms in which a response may repeat the secret: raw, percent-encoded, JSON, Base64 and hexadecimal. */
function listEncodings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const encoded = percentEncode(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll("/", "\\/"),
    encodeURIComponent(secret),
    encoded,
    percentEncode(encoded),
    ...listBase64(bytes),
    hex,
    hex.replace(/..(?=.)/g, "$& "),
  ];
}

/** Also encodes the characters that AWS signatures encode and `encodeURIComponent` does not. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}

/**
 * The Base64 characters that depend only on these bytes, in plain and URL-safe form. The bytes may be part of longer
 * content, so the list has an entry for each offset (mod 3) at which they may start.
 */
export function listBase64(bytes: Buffer): string[] {
  const plain = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
  return [...plain, ...plain.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))];
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
