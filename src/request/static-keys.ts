import type { AwsCredentialIdentity } from "../sdk-types.js";
import { ACCESS_KEY_ID } from "./limits.js";
import { conflict, invalid, isGiven } from "./validation.js";

/** The parts of static keys, in the order in which they are checked. */
const PARTS = [
  { part: "accessKeyId", pattern: ACCESS_KEY_ID, allowed: "1 to 128 letters, digits and _-", optional: false },
  { part: "secretAccessKey", pattern: /^\S+$/, allowed: "a string without spaces", optional: false },
  { part: "sessionToken", pattern: /^\S+$/, allowed: "a string without spaces, or nothing", optional: true },
  { part: "accountId", pattern: /^\d{12}$/, allowed: "12 digits, or nothing", optional: true },
] as const;
type KeyPart = (typeof PARTS)[number]["part"];

/** Keys of the SDK's identities. The SDK records in `$source` where an identity comes from; the library ignores it. */
export const IDENTITY_KEYS = [...PARTS.map(({ part }) => part), "expiration", "credentialScope", "$source"] as const;

/** Events contain the access key id, so a secret must not be in its place. */
const LIKE_AN_ID = /^A[KS]IA[A-Z0-9]{16}$/;
const LIKE_A_SECRET = /^(?=.*[a-z])(?=.*[A-Z])[\w+/=-]{40}$/;

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

/** Keys that an instance sets. */
export function readStaticKeys(
  field: string,
  settings: Partial<Record<(typeof IDENTITY_KEYS)[number], unknown>>,
): AwsCredentialIdentity {
  if (isGiven(settings.expiration)) {
    const hint = "Set a function that renews the keys, such as the SDK provider that they come from.";
    throw conflict(`${field}.expiration`, "is set, but static keys cannot be renewed", hint);
  }
  if (isGiven(settings.credentialScope)) {
    throw conflict(`${field}.credentialScope`, "is set, but requests are signed without a scope", "Leave it out.");
  }
  return readStaticIdentity(settings, (part) => `${field}.${part}`);
}

/** @param fieldOf returns the name of a part for errors */
export function readStaticIdentity(
  given: Partial<Record<KeyPart, unknown>>,
  fieldOf: (part: KeyPart) => string,
): AwsCredentialIdentity {
  if (matches(given.accessKeyId, LIKE_A_SECRET) || matches(given.secretAccessKey, LIKE_AN_ID)) {
    throw conflict(
      fieldOf("accessKeyId"),
      "and the secret access key appear to be swapped",
      "Set the shorter string, such as AKIA…, as the id, and the longer one as the secret.",
    );
  }
  const parts = new Map<KeyPart, string>();
  for (const { part, pattern, allowed, optional } of PARTS) {
    const value = given[part];
    if (optional && !isGiven(value)) continue;
    if (!matches(value, pattern)) throw invalid(fieldOf(part), value, allowed);
    parts.set(part, value);
  }
  return Object.fromEntries(parts) as unknown as AwsCredentialIdentity;
}
