import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";

export function newEncryptionKey(): KeyObject {
  return createSecretKey(randomBytes(32));
}

/** As an operator writes it down. */
export function newEncryptionKeyText(): string {
  return randomBytes(32).toString("base64");
}
