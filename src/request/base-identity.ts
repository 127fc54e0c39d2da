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
  #key: string | undefined;

  constructor(kind: BaseIdentity["kind"], keyPart: string, provider?: CredentialProvider, plainHttp = false) {
    this.kind = kind;
    this.plainHttp = plainHttp;
    this.keyPart = keyPart;
    this.#provider = provider;
  }

  /** Cache key of its own credentials in this process. */
  get key(): string {
    this.#key ??= publishedHash(stableDigest({ base: this.keyPart }));
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
/** An identity apart: its keys may have been read, or made up, by anybody on the way. */
const PLAIN_HTTP_PROFILE = new BaseIdentity("instance-profile", "imds over plain http", undefined, true);
const PROVIDER_NUMBERS = new WeakMap<object, number>();
let lastProviderNumber = 0;

const ALLOWED = "{ accessKeyId, secretAccessKey, sessionToken? }, or a function that resolves to them";

/** What names the identity that a function gives. */
export const PROVIDER_NAME: TextRule = {
  pattern: /^[\w+=,.@-]*$/,
  min: 1,
  max: 64,
  allowed: "1 to 64 characters of [\\w+=,.@-]",
};

type KeyPart = "accessKeyId" | "secretAccessKey" | "sessionToken" | "accountId";

/** What the SDK's identities may hold. `$source` is its own note of where they come from, and says nothing here. */
const IDENTITY_KEYS = [
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "accountId",
  "expiration",
  "credentialScope",
  "$source",
] as const;

/** An id is shown in events, so that no secret may stand in its place. */
const LIKE_AN_ID = /^A[KS]IA[A-Z0-9]{16}$/;
const LIKE_A_SECRET = /^(?=.*[a-z])(?=.*[A-Z])[\w+/=-]{40}$/;

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

/**
 * @param name says what a function cannot: that two processes' functions give the same identity
 * @param plainHttp whether the metadata service may be asked over plain http on another machine
 */
export function readBaseIdentity(field: string, value: unknown, name?: string, plainHttp = false): BaseIdentity {
  if (name !== undefined && typeof value !== "function") {
    throw conflict(
      `${field}Name`,
      `is set, and ${field} is no function`,
      "Only a function needs a name: leave it out.",
    );
  }
  if (!isGiven(value)) return plainHttp ? PLAIN_HTTP_PROFILE : INSTANCE_PROFILE;
  if (typeof value === "function") return fromProvider(value as CredentialProvider, name);
  if (typeof value !== "object") throw invalid(field, value, ALLOWED);
  const identity = readKeys(field, value);
  const keyPart = `static:${identity.accessKeyId}:${sha256(canonicalJson(identity))}`;
  return new BaseIdentity("static", keyPart, async () => identity);
}

function readKeys(field: string, value: unknown): AwsCredentialIdentity {
  const settings = readSettings(field, readRecord(field, value, ALLOWED), IDENTITY_KEYS);
  if (isGiven(settings.expiration)) {
    const hint = "Give the function that renews them, such as the SDK's provider that they come from.";
    throw conflict(`${field}.expiration`, "is set, and keys that are given as they are cannot be renewed", hint);
  }
  if (isGiven(settings.credentialScope)) {
    throw conflict(`${field}.credentialScope`, "is set, and no request is signed with a scope", "Leave it out.");
  }
  return readStaticIdentity(settings, (part) => `${field}.${part}`);
}

function fromProvider(provider: CredentialProvider, name: string | undefined): BaseIdentity {
  if (name !== undefined) return new BaseIdentity("named-provider", `named:${name}`, provider);
  let number = PROVIDER_NUMBERS.get(provider);
  if (number === undefined) {
    number = ++lastProviderNumber;
    PROVIDER_NUMBERS.set(provider, number);
  }
  return new BaseIdentity("provider", `provider:${number}`, provider);
}

/** @param fieldOf what an error calls a part */
export function readStaticIdentity(
  { accessKeyId, secretAccessKey, sessionToken, accountId }: Partial<Record<KeyPart, unknown>>,
  fieldOf: (part: KeyPart) => string,
): AwsCredentialIdentity {
  const isSwapped = matches(accessKeyId, LIKE_A_SECRET) || matches(secretAccessKey, LIKE_AN_ID);
  if (isSwapped) {
    throw conflict(
      fieldOf("accessKeyId"),
      "and the secret access key look as if they were swapped",
      "Set the id, such as AKIA…, as the id, and the longer text as the secret.",
    );
  }
  if (!matches(accessKeyId, ACCESS_KEY_ID)) {
    throw invalid(fieldOf("accessKeyId"), accessKeyId, "1 to 128 letters, digits and _-");
  }
  if (!matches(secretAccessKey, /^\S+$/)) {
    throw invalid(fieldOf("secretAccessKey"), secretAccessKey, "a text without spaces");
  }
  if (isGiven(sessionToken) && !matches(sessionToken, /^\S+$/)) {
    throw invalid(fieldOf("sessionToken"), sessionToken, "a text without spaces, or nothing");
  }
  if (isGiven(accountId) && !matches(accountId, /^\d{12}$/)) {
    throw invalid(fieldOf("accountId"), accountId, "12 digits, or nothing");
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(isGiven(sessionToken) && { sessionToken }),
    ...(isGiven(accountId) && { accountId }),
  };
}
