import { escapeInvisible } from "./request/validation.js";

/** Characters. AWS's own messages have some hundred. */
const LONGEST_TEXT = 1000;
/** What is shorter is no secret, and stands in any text by chance. */
const SHORTEST_SECRET = 4;

/** Codes and request ids of AWS: what has another shape is not repeated. */
const LABEL = /^[\w.:-]{1,128}$/;

/**
 * A text of others that is safe in a message: without `secrets` in any of the usual encodings, without characters that
 * change a terminal or forge a line, and not longer than AWS's own.
 */
export function foreignText(text: unknown, secrets: Iterable<string> = []): string {
  if (typeof text !== "string") return "";
  const kept = withoutSecrets(text, secrets);
  const shown = kept.length > LONGEST_TEXT ? `${kept.slice(0, LONGEST_TEXT)}… (${kept.length} characters)` : kept;
  return escapeInvisible(shown);
}

/** A code, a name or an id of others, or `undefined` if it has not the shape of one, or holds a secret. */
export function foreignLabel(text: unknown, secrets: Iterable<string> = []): string | undefined {
  return typeof text === "string" && LABEL.test(text) && withoutSecrets(text, secrets) === text ? text : undefined;
}

export function withoutSecrets(text: string, secrets: Iterable<string>): string {
  const forms = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(listEncodings);
  if (forms.length === 0) return text;
  // The longest first: a form may be the beginning of another.
  const alternatives = forms.sort((a, b) => b.length - a.length).map(escapeForPattern);
  return text.replace(new RegExp(alternatives.join("|"), "gi"), "[redacted]");
}

/** A secret as answers repeat it: as it is, percent-encoded, in JSON, in Base64 and in hexadecimal. */
function listEncodings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const encoded = percentEncode(secret);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll("/", "\\/"),
    encodeURIComponent(secret),
    encoded,
    percentEncode(encoded),
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    hex,
    hex.replace(/..(?=.)/g, "$& "),
  ];
}

/** Every character that AWS's signatures encode. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}

/** The characters that the bytes determine wherever they stand in a text that is encoded as a whole. */
function base64Within(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
