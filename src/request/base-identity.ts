import type { AwsCredentialIdentity, CredentialProvider } from "../sdk-types.js";
import { canonicalJson, digestOf, publishedHash, sha256 } from "./canonical.js";
import { conflict, invalid, isGiven, readRecord, readText, type TextRule } from "./validation.js";

/** The credentials that call STS. Prints no secret. */
export class BaseIdentity {
  readonly kind: "instance-profile" | "provider" | "named-provider" | "static";
  /** Its part of a session's digest: never a secret, only a hash of one. */
  readonly keyPart: string;
  readonly #provider: CredentialProvider | undefined;
  #key: string | undefined;

  constructor(kind: BaseIdentity["kind"], keyPart: string, provider?: CredentialProvider) {
    this.kind = kind;
    this.keyPart = keyPart;
    this.#provider = provider;
  }

  /** Its own cache key, of this process. */
  get key(): string {
    this.#key ??= publishedHash(this.digest);
    return this.#key;
  }

  /** The same in every process, and never published. */
  get digest(): string {
    return digestOf({ base: this.keyPart });
  }

  /** Where to read it; `undefined` stands for the resolver's instance profile. */
  provider(): CredentialProvider | undefined {
    return this.#provider;
  }
}

const INSTANCE_PROFILE = new BaseIdentity("instance-profile", "imds");
const PROVIDER_NUMBERS = new WeakMap<object, number>();
let lastProviderNumber = 0;

const ALLOWED = "{ accessKeyId, secretAccessKey, sessionToken? }, or a function that resolves to them";

const NAME: TextRule = { pattern: /^[\w+=,.@-]*$/, min: 1, max: 64, allowed: "1 to 64 characters of [\\w+=,.@-]" };

/** `name` says what a function cannot: that two processes' functions give the same identity. */
export function readBaseIdentity(field: string, value: unknown, name?: unknown): BaseIdentity {
  const providerName = readText(`${field}Name`, name, NAME);
  if (providerName !== undefined && typeof value !== "function") {
    throw conflict(
      `${field}Name`,
      `is set, and ${field} is no function`,
      "Only a function needs a name: leave it out.",
    );
  }
  if (!isGiven(value)) return INSTANCE_PROFILE;
  if (typeof value === "function") return fromProvider(value as CredentialProvider, providerName);
  if (typeof value !== "object") throw invalid(field, value, ALLOWED, { sensitive: true });
  const identity = readStaticIdentity(readRecord(field, value, ALLOWED), (part) => `${field}.${part}`);
  const keyPart = `static:${identity.accessKeyId}:${sha256(canonicalJson(identity))}`;
  return new BaseIdentity("static", keyPart, async () => identity);
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
  { accessKeyId, secretAccessKey, sessionToken, accountId }: Record<string, unknown>,
  fieldOf: (part: keyof AwsCredentialIdentity) => string,
): AwsCredentialIdentity {
  if (typeof accessKeyId !== "string" || !/^\w{16,128}$/.test(accessKeyId)) {
    throw invalid(fieldOf("accessKeyId"), accessKeyId, "16 to 128 letters and digits", { sensitive: true });
  }
  if (typeof secretAccessKey !== "string" || !/^\S+$/.test(secretAccessKey)) {
    throw invalid(fieldOf("secretAccessKey"), secretAccessKey, "a text without spaces", { sensitive: true });
  }
  if (isGiven(sessionToken) && (typeof sessionToken !== "string" || !/^\S+$/.test(sessionToken))) {
    throw invalid(fieldOf("sessionToken"), sessionToken, "a text without spaces, or nothing", { sensitive: true });
  }
  if (isGiven(accountId) && (typeof accountId !== "string" || !/^\d{12}$/.test(accountId))) {
    throw invalid(fieldOf("accountId"), accountId, "12 digits, or nothing", { sensitive: true });
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(isGiven(sessionToken) && { sessionToken }),
    ...(isGiven(accountId) && { accountId }),
  };
}
