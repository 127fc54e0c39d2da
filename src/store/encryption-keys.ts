import type { KeyObject } from "node:crypto";
import { conflict, invalid, readList } from "../request/validation.js";

/** A key in base64 or base64url, as `openssl rand -base64 32` prints it, or a secret `KeyObject` of `node:crypto`. */
export type EncryptionKey = string | KeyObject;

const SHORTEST = 32;
const LIST = "keys, of which the first writes and all read";
const ALLOWED = `at least ${SHORTEST} random bytes in base64, or a secret KeyObject of that size`;
const ALLOWED_IN_STORE = `a secret KeyObject of at least ${SHORTEST} bytes, such as createSecretKey() of node:crypto makes`;

/**
 * The keys as values that cannot be printed.
 * @throws RolecallError `INVALID_REQUEST`, naming the field and showing nothing of a key
 */
export function readEncryptionKeys(field: string, value: unknown): readonly KeyObject[] | undefined {
  return readKeys(field, value)?.map((given, index) => {
    const { createSecretKey } = process.getBuiltinModule("node:crypto");
    const key = typeof given === "string" && isBase64(given) ? createSecretKey(given, "base64") : given;
    if (!isUsable(key)) throw invalid(`${field}[${index}]`, given, ALLOWED, { sensitive: true });
    return key;
  });
}

/**
 * A copy of the keys that a store holds: `KeyObject`s alone.
 * @throws RolecallError `INVALID_REQUEST`, naming the field and showing nothing of a key
 */
export function readStoreKeys(field: string, value: unknown): readonly KeyObject[] | undefined {
  return readKeys(field, value)?.map((key, index) => {
    if (!isUsable(key)) throw invalid(`${field}[${index}]`, key, ALLOWED_IN_STORE, { sensitive: true });
    return key;
  });
}

/** A hole in the list counts as a value: without it, the next key would not be the first, and nothing would be sealed. */
function readKeys(field: string, value: unknown): readonly unknown[] | undefined {
  const keys = readList(field, value, LIST);
  if (keys?.length === 0) throw conflict(field, "is empty", "Give at least one key, or leave it out.");
  return keys;
}

function isUsable(key: unknown): key is KeyObject {
  const { KeyObject } = process.getBuiltinModule("node:crypto");
  try {
    return key instanceof KeyObject && (key.symmetricKeySize ?? 0) >= SHORTEST;
  } catch {
    return false; // a Proxy that was revoked, or throws
  }
}

function isBase64(text: string): boolean {
  return /^[\w+/-]{43,}={0,2}$/.test(text);
}
