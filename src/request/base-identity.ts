import type { AwsCredentialIdentity, CredentialProvider } from "../sdk-types.js";
import { canonicalJson, publishedHash, sha256, stableDigest } from "./canonical.js";
import { ACCESS_KEY_ID } from "./limits.js";
import { conflict, invalid, isGiven, readRecord, readSettings, type TextRule } from "./validation.js";

/** The credentials that call STS. Prints no secret. */
export class BaseIdentity {
  readonly kind: "instance-profile" | "provider" | "named-provider" | "static";
  /** Its part of a session's digest: never a secret, only a hash of one. */
  readonly keyPart: string;
  /** Whether the metadata service may be called over plain http on another machine. */
  readonly plainHttp: boolean;
  readonly #provider: CredentialProvider | undefined;
  #digest: string | undefined;
  #key: string | undefined;

  constructor(kind: BaseIdentity["kind"], keyPart: string, provider?: CredentialProvider, plainHttp = false) {
    this.kind = kind;
    this.plainHttp = plainHttp;
    this.keyPart = keyPart;
    this.#provider = provider;
    Object.freeze(this);
  }

  /** The same in all processes. Never publish it. */
  get digest(): string {
    this.#digest ??= stableDigest({ base: this.keyPart });
    return this.#digest;
  }

  /** Cache key of these credentials in this process. */
  get key(): string {
    this.#key ??= publishedHash(this.digest);
    return this.#key;
  }

  /** Of static keys. Of other kinds it is not known before they are read. */
  get accessKeyId(): string | undefined {
    return this.kind === "static" ? this.keyPart.split(":")[1] : undefined;
  }

  /** `undefined` for the resolver's instance profile. */
  provider(): CredentialProvider | undefined {
    return this.#provider;
  }
}

const INSTANCE_PROFILE = new BaseIdentity("instance-profile", "imds");
/** A separate identity, because anyone on the network path may have read or replaced its keys. */
const PLAIN_HTTP_PROFILE = new BaseIdentity("instance-profile", "imds over plain http", undefined, true);
const PROVIDER_NUMBERS = new WeakMap<object, number>();
let lastProviderNumber = 0;

const ALLOWED = "{ accessKeyId, secretAccessKey, sessionToken? }, or a function that resolves to them";

/** Names the identity that a function resolves to. */
export const PROVIDER_NAME: TextRule = {
  pattern: /^[\w+=,.@-]*$/,
  min: 1,
  max: 64,
  allowed: "1 to 64 characters of [\\w+=,.@-]",
};

/** The parts of static keys, in the order in which they are checked. */
const PARTS = [
  { part: "accessKeyId", pattern: ACCESS_KEY_ID, allowed: "1 to 128 letters, digits and _-", optional: false },
  { part: "secretAccessKey", pattern: /^\S+$/, allowed: "a string without spaces", optional: false },
  { part: "sessionToken", pattern: /^\S+$/, allowed: "a string without spaces, or nothing", optional: true },
  { part: "accountId", pattern: /^\d{12}$/, allowed: "12 digits, or nothing", optional: true },
] as const;
type KeyPart = (typeof PARTS)[number]["part"];

/** Keys of the SDK's identities. The SDK notes in `$source` where an identity comes from; it is ignored. */
const IDENTITY_KEYS = [...PARTS.map(({ part }) => part), "expiration", "credentialScope", "$source"] as const;

/** Events contain the access key id, so a secret must not be in its place. */
const LIKE_AN_ID = /^A[KS]IA[A-Z0-9]{16}$/;
const LIKE_A_SECRET = /^(?=.*[a-z])(?=.*[A-Z])[\w+/=-]{40}$/;

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

/**
 * @param name functions with the same name resolve to the same identity, also in other processes
 * @param plainHttp whether the metadata service may be called over plain http on another machine
 */
export function readBaseIdentity(field: string, value: unknown, name?: string, plainHttp = false): BaseIdentity {
  if (name !== undefined && typeof value !== "function") {
    throw conflict(
      `${field}Name`,
      `is set, but ${field} is not a function`,
      "Leave it out: only functions need a name.",
    );
  }
  if (!isGiven(value)) return plainHttp ? PLAIN_HTTP_PROFILE : INSTANCE_PROFILE;
  if (typeof value === "function") return fromProvider(value as CredentialProvider, name);
  const identity = readKeys(field, value);
  const keyPart = `static:${identity.accessKeyId}:${sha256(canonicalJson(identity))}`;
  return new BaseIdentity("static", keyPart, async () => identity);
}

function fromProvider(provider: CredentialProvider, name: string | undefined): BaseIdentity {
  if (name !== undefined) return new BaseIdentity("named-provider", `named:${name}`, provider);
  const number = PROVIDER_NUMBERS.get(provider) ?? ++lastProviderNumber;
  PROVIDER_NUMBERS.set(provider, number);
  return new BaseIdentity("provider", `provider:${number}`, provider);
}

function readKeys(field: string, value: unknown): AwsCredentialIdentity {
  const settings = readSettings(field, readRecord(field, value, ALLOWED), IDENTITY_KEYS);
  if (isGiven(settings.expiration)) {
    const hint = "Set a function that renews the keys, such as the SDK's provider that they come from.";
    throw conflict(`${field}.expiration`, "is set, but static keys cannot be renewed", hint);
  }
  if (isGiven(settings.credentialScope)) {
    throw conflict(`${field}.credentialScope`, "is set, but requests are signed without a scope", "Leave it out.");
  }
  return readStaticIdentity(settings, (part) => `${field}.${part}`);
}

/** @param fieldOf the name of a part in errors */
export function readStaticIdentity(
  given: Partial<Record<KeyPart, unknown>>,
  fieldOf: (part: KeyPart) => string,
): AwsCredentialIdentity {
  if (matches(given.accessKeyId, LIKE_A_SECRET) || matches(given.secretAccessKey, LIKE_AN_ID)) {
    throw conflict(
      fieldOf("accessKeyId"),
      "and the secret access key look as if they were swapped",
      "Set the id, such as AKIA…, as the id, and the longer string as the secret.",
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
