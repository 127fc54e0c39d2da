import type { KeyObject } from "node:crypto";
import { conflict, invalid, readList } from "../request/validation.js";

/**
 * A base64 or base64url key, such as the output of `openssl rand -base64 32`, or a secret `KeyObject` from
 * `node:crypto`.
 */
export type EncryptionKey = string | KeyObject;

const SHORTEST = 32;
const BASE64 = /^[\w+/-]{43,}={0,2}$/;
const LIST = "keys (the first encrypts, all decrypt)";
const ALLOWED = `at least ${SHORTEST} random bytes in base64, or a secret KeyObject of that size`;
const ALLOWED_IN_STORE = `a secret KeyObject of at least ${SHORTEST} bytes, such as createSecretKey() from node:crypto returns`;

/**
 * Converts the keys to `KeyObject`s, whose bytes are never printed.
 * @throws RolecallError `INVALID_REQUEST`, which names the field and reveals nothing about the key
 */
export function readEncryptionKeys(field: string, value: unknown): readonly KeyObject[] | undefined {
  const { createSecretKey } = process.getBuiltinModule("node:crypto");
  return readKeys(field, value, ALLOWED, (key) =>
    typeof key === "string" && BASE64.test(key) ? createSecretKey(key, "base64") : key,
  );
}

/** Like {@link readEncryptionKeys}, but for the keys of a store, which must be `KeyObject`s. */
export function readStoreKeys(field: string, value: unknown): readonly KeyObject[] | undefined {
  return readKeys(field, value, ALLOWED_IN_STORE, (key) => key);
}

function readKeys(field: string, value: unknown, allowed: string, convert: (key: unknown) => unknown) {
  const keys = readList(field, value, LIST);
  // An empty list would silently turn encryption off.
  if (keys?.length === 0) throw conflict(field, "is empty", "Set at least one key, or remove the setting.");
  return keys?.map((given, index) => {
    const key = convert(given);
    if (!isUsable(key)) throw invalid(`${field}[${index}]`, given, allowed);
    return key;
  });
}

function isUsable(key: unknown): key is KeyObject {
  const { KeyObject } = process.getBuiltinModule("node:crypto");
  try {
    return key instanceof KeyObject && (key.symmetricKeySize ?? 0) >= SHORTEST;
  } catch {
    return false; // a revoked or throwing Proxy
  }
}
