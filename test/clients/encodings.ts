const bytesOf = (text: string) => [...Buffer.from(text)];
export const hex = (text: string, before: string, between: string) =>
  bytesOf(text)
    .map((byte) => before + byte.toString(16).padStart(2, "0"))
    .join(between);
const escaped = (text: string, write: (code: string) => string) =>
  bytesOf(text)
    .map((byte) => write(byte.toString(16).padStart(2, "0")))
    .join("");

/** The encodings in which an error can contain a secret. */
export const ENCODINGS: Record<string, (text: string) => string> = {
  itself: (text) => text,
  percent: encodeURIComponent,
  "percent in lower case": (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  "percent, each byte": (text) => escaped(text, (code) => `%${code}`),
  "percent twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  base64: (text) => Buffer.from(text).toString("base64"),
  "base64 within a text": (text) => Buffer.from(`x-amz-security-token:${text}\nhost`).toString("base64"),
  "base64, shifted": (text) => Buffer.from(`ab${text}c`).toString("base64"),
  base64url: (text) => Buffer.from(`a${text}`).toString("base64url"),
  "base64 in lines": (text) => Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\r\n"),
  hex: (text) => hex(text, "", ""),
  "hex in upper case": (text) => hex(text, "", "").toUpperCase(),
  "hex with spaces": (text) => hex(text, "", " "),
  "hex with colons": (text) => hex(text, "", ":"),
  "hex with prefixes": (text) => hex(text, "0x", ", "),
  "hex escapes": (text) => hex(text, "\\x", ""),
  "decimal bytes": (text) => JSON.stringify(Buffer.from(text)),
  "JSON, slashes escaped": (text) => text.replaceAll("/", "\\/"),
  "JSON escapes": (text) => escaped(text, (code) => `\\u00${code}`),
  "XML entities": (text) => escaped(text, (code) => `&#x${code};`),
  "XML entities in lines": (text) => escaped(text, (code) => `&#x${code};`).replace(/.{78}/g, "$&\n   "),
  "lines, indented": (text) => text.replace(/.{60}/g, "$&\n\t"),
  "a canonical header": (text) => `x-amz-security-token:${text}\n\nhost;x-amz-security-token`,
};
