import type { KeyObject } from "node:crypto";
import { conflict, invalid, isGiven, readList } from "../request/validation.js";

/** A key in base64 or base64url, as `openssl rand -base64 32` prints it, or a secret `KeyObject` of `node:crypto`. */
export type EncryptionKey = string | KeyObject;

const SHORTEST = 32;
const ALLOWED = `at least ${SHORTEST} random bytes in base64, or a secret KeyObject of that size`;

/**
 * The keys as values that cannot be printed.
 * @throws RolecallError `INVALID_REQUEST`, naming the field and showing nothing of a key
 */
export function readEncryptionKeys(field: string, value: unknown): readonly KeyObject[] | undefined {
  const keys = readList(field, value, "keys, of which the first writes and all read");
  if (keys?.length === 0) throw conflict(field, "is empty", "Give at least one key, or leave it out.");
  return keys?.map((key, index) => readKey(`${field}[${index}]`, key));
}

function readKey(field: string, value: unknown): KeyObject {
  const { createSecretKey, KeyObject } = process.getBuiltinModule("node:crypto");
  const key = typeof value === "string" && isBase64(value) ? createSecretKey(value, "base64") : value;
  const usable = isGiven(key) && key instanceof KeyObject && (key.symmetricKeySize ?? 0) >= SHORTEST;
  if (!usable) throw invalid(field, value, ALLOWED, { sensitive: true });
  return key;
}

function isBase64(text: string): boolean {
  return /^[\w+/-]{43,}={0,2}$/.test(text);
}
