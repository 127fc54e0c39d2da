import type { KeyObject } from "node:crypto";

/** Why a record is not used. */
export type RecordFault =
  /** It is no record of this version: cut short, or something else altogether. */
  | "unreadable"
  /** It was changed, or it stands at another key than the one that it was written for. */
  | "altered"
  /** It is sealed with a key that is not among the encryption keys. */
  | "unknown-key"
  /** It is not sealed, and the store has encryption keys. */
  | "unsealed"
  /** It is whole, and of another role or request. */
  | "foreign"
  /** It is served after its time. */
  | "expired"
  /** It was issued ahead of this machine's time, whose clock must be slow: the end could not be told by it. */
  | "ahead";

export type Opened = { readonly text: string } | { readonly fault: RecordFault };

/** Changes with the form of a record, so that no version reads another's. */
const FORM = "rolecall1";
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";
const CIPHER_KEY_BYTES = 32;
const NONCE_BYTES = 12;

const NAME_KEY_BYTES = 32;

const keyIds = new WeakMap<KeyObject, string>();
const nameKeys = new WeakMap<KeyObject, Buffer>();

/**
 * `text` as it is stored under `key`. With encryption keys the first one seals it, by AES-256-GCM with a key of its own
 * for each record, bound to `key` and to the form. Without, a checksum finds what was cut short or changed by accident.
 */
export function sealRecord(text: string, key: string, encryptionKeys: readonly KeyObject[] | undefined): string {
  const [sealingKey] = encryptionKeys ?? [];
  if (!sealingKey) return [FORM, "plain", checksum(text, key), text].join(".");
  const { createCipheriv, randomBytes } = process.getBuiltinModule("node:crypto");
  const salt = randomBytes(SALT_BYTES);
  const { cipherKey, nonce } = derive(sealingKey, salt);
  const cipher = createCipheriv(CIPHER, cipherKey, nonce).setAAD(Buffer.from(toBinding(key)));
  const sealed = Buffer.concat([salt, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return [FORM, "sealed", keyId(sealingKey), sealed.toString("base64url")].join(".");
}

/** What {@link sealRecord} was given, or why it cannot be told. */
export function openRecord(record: string, key: string, encryptionKeys: readonly KeyObject[] | undefined): Opened {
  const [, way, label, content] = /^rolecall1\.(plain|sealed)\.([\w-]+)\.(.*)$/s.exec(record) ?? [];
  if (label === undefined || content === undefined) return { fault: "unreadable" };
  if (way === "plain") {
    if (encryptionKeys) return { fault: "unsealed" };
    return label === checksum(content, key) ? { text: content } : { fault: "altered" };
  }
  const sealingKey = encryptionKeys?.find((one) => keyId(one) === label);
  return sealingKey ? unseal(content, key, sealingKey) : { fault: "unknown-key" };
}

function unseal(content: string, key: string, sealingKey: KeyObject): Opened {
  const bytes = Buffer.from(content, "base64url");
  // Another text for the same bytes is an altered one.
  if (bytes.length < SALT_BYTES + TAG_BYTES || bytes.toString("base64url") !== content) return { fault: "unreadable" };
  const { createDecipheriv } = process.getBuiltinModule("node:crypto");
  const { cipherKey, nonce } = derive(sealingKey, bytes.subarray(0, SALT_BYTES));
  const decipher = createDecipheriv(CIPHER, cipherKey, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(toBinding(key)))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return {
      text: decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8"),
    };
  } catch {
    return { fault: "altered" };
  }
}

/** A key and a nonce for one record: its random salt is never used again, so that neither is. */
function derive(sealingKey: KeyObject, salt: Buffer): { cipherKey: Buffer; nonce: Buffer } {
  const bytes = hkdf(sealingKey, salt, "record", CIPHER_KEY_BYTES + NONCE_BYTES);
  return { cipherKey: bytes.subarray(0, CIPHER_KEY_BYTES), nonce: bytes.subarray(CIPHER_KEY_BYTES) };
}

/** Tells keys apart, and tells nothing of them. */
function keyId(sealingKey: KeyObject): string {
  const known = keyIds.get(sealingKey) ?? hkdf(sealingKey, Buffer.alloc(0), "key id", 6).toString("base64url");
  keyIds.set(sealingKey, known);
  return known;
}

/** A session's name in a store, which tells nothing of `digest` to those who do not have the key. */
export function sealedName(digest: string, sealingKey: KeyObject): string {
  const { createHmac } = process.getBuiltinModule("node:crypto");
  const nameKey = nameKeys.get(sealingKey) ?? hkdf(sealingKey, Buffer.alloc(0), "name", NAME_KEY_BYTES);
  nameKeys.set(sealingKey, nameKey);
  return createHmac("sha256", nameKey).update(digest).digest("base64url");
}

function hkdf(sealingKey: KeyObject, salt: Buffer, purpose: string, length: number): Buffer {
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
