import type { KeyObject } from "node:crypto";
import { isRecord } from "../request/validation.js";

/** Why a record was rejected. */
export type RecordFault =
  /** It is truncated, or not a record of this version. */
  | "unreadable"
  /** It was modified, or copied from another key. */
  | "altered"
  /** It was encrypted with a key that is not among the encryption keys. */
  | "unknown-key"
  /** It is not encrypted, although the store has encryption keys. */
  | "unsealed"
  /** It is intact but belongs to another role or request. */
  | "foreign"
  /** It has expired. */
  | "expired"
  /**
   * By this machine's clock, its issue time is in the future. The clock must be slow, so it cannot show when the
   * session expires.
   */
  | "ahead";

export type Opened = { readonly fields: Readonly<Record<string, unknown>> } | { readonly fault: RecordFault };

/** Changes with the record format, so that no version reads another version's records. */
const FORM = "rolecall1";
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";
const CIPHER_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const NO_SALT = new Uint8Array();

/**
 * Turns `fields` into a record for `key`. With encryption keys, encrypts it with AES-256-GCM and a key derived for each
 * record, and binds it to `key` and the format. Without encryption keys, adds a checksum that detects accidental
 * truncation or changes.
 */
export function sealRecord(fields: object, key: string, encryptionKeys: readonly KeyObject[] | undefined): string {
  const text = JSON.stringify(fields);
  const [sealingKey] = encryptionKeys ?? [];
  if (!sealingKey) return [FORM, "plain", checksum(text, key), text].join(".");
  const { createCipheriv, randomBytes } = process.getBuiltinModule("node:crypto");
  const salt = randomBytes(SALT_BYTES);
  const { cipherKey, nonce } = derive(sealingKey, salt);
  const cipher = createCipheriv(CIPHER, cipherKey, nonce).setAAD(Buffer.from(toBinding(key)));
  const sealed = Buffer.concat([salt, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return [FORM, "sealed", keyId(sealingKey), sealed.toString("base64url")].join(".");
}

/** The fields passed to {@link sealRecord}, or why the record was rejected. */
export function openRecord(record: string, key: string, encryptionKeys: readonly KeyObject[] | undefined): Opened {
  const [, protection, label, content] = /^rolecall1\.(plain|sealed)\.([\w-]+)\.(.*)$/s.exec(record) ?? [];
  if (label === undefined || content === undefined) return { fault: "unreadable" };
  if (protection === "plain") {
    if (encryptionKeys) return { fault: "unsealed" };
    return label === checksum(content, key) ? parse(content) : { fault: "altered" };
  }
  const sealingKey = encryptionKeys?.find((one) => keyId(one) === label);
  return sealingKey ? unseal(content, key, sealingKey) : { fault: "unknown-key" };
}

function unseal(content: string, key: string, sealingKey: KeyObject): Opened {
  const bytes = Buffer.from(content, "base64url");
  // Rejects alternative base64url encodings of the same bytes.
  if (bytes.length < SALT_BYTES + TAG_BYTES || bytes.toString("base64url") !== content) return { fault: "unreadable" };
  const { createDecipheriv } = process.getBuiltinModule("node:crypto");
  const { cipherKey, nonce } = derive(sealingKey, bytes.subarray(0, SALT_BYTES));
  const decipher = createDecipheriv(CIPHER, cipherKey, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(toBinding(key)))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return parse(decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8"));
  } catch {
    return { fault: "altered" };
  }
}

function parse(text: string): Opened {
  try {
    const fields: unknown = JSON.parse(text);
    if (isRecord(fields)) return { fields };
  } catch {} // reported like any other content that is not an object
  return { fault: "unreadable" };
}

/** Derives a key and a nonce for one record. Each record has a new random salt, so both are used only once. */
function derive(sealingKey: KeyObject, salt: Buffer): { cipherKey: Buffer; nonce: Buffer } {
  const bytes = hkdf(sealingKey, salt, "record", CIPHER_KEY_BYTES + NONCE_BYTES);
  return { cipherKey: bytes.subarray(0, CIPHER_KEY_BYTES), nonce: bytes.subarray(CIPHER_KEY_BYTES) };
}

/** Identifies a key without revealing anything about it. */
function keyId(sealingKey: KeyObject): string {
  return hkdf(sealingKey, NO_SALT, "key id", 6).toString("base64url");
}

/** A session's name in the store. Reveals nothing about `digest` without the key. */
export function sealedName(digest: string, sealingKey: KeyObject): string {
  const { createHmac } = process.getBuiltinModule("node:crypto");
  return createHmac("sha256", hkdf(sealingKey, NO_SALT, "name", 32))
    .update(digest)
    .digest("base64url");
}

function hkdf(sealingKey: KeyObject, salt: Uint8Array, purpose: string, length: number): Buffer {
  const { hkdfSync } = process.getBuiltinModule("node:crypto");
  return Buffer.from(hkdfSync("sha256", sealingKey, salt, `${FORM} ${purpose}`, length));
}

function toBinding(key: string): string {
  return `${FORM} ${key}`;
}

function checksum(text: string, key: string): string {
  const { hash } = process.getBuiltinModule("node:crypto");
  return hash("sha256", `${toBinding(key)}\n${text}`, "base64url");
}
