import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";

export function newEncryptionKey(): KeyObject {
  return createSecretKey(randomBytes(32));
}

/** A key in the form that an operator stores. */
export function newEncryptionKeyText(): string {
  return randomBytes(32).toString("base64");
}
