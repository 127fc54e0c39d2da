import type { AwsCredentialIdentity, CredentialProvider } from "../sdk-types.js";
import { canonicalJson, publishedHash, sha256, stableDigest } from "./canonical.js";
import type { ContainerEndpoint } from "./container-endpoint.js";
import { quoted } from "./validation.js";
import type { WebIdentity } from "./web-identity.js";

/** What distinguishes one STS from another: its endpoint, and how it is trusted. Empty by default, for AWS's STS. */
export interface Issuer {
  readonly endpoint: string | undefined;
  readonly trust: string | undefined;
  readonly plainHttp: true | undefined;
}

/** Where the keys of a base identity come from. May contain secrets. */
export type Origin =
  | { readonly kind: "instance-profile"; readonly plainHttp: boolean }
  | { readonly kind: "container"; readonly endpoint: ContainerEndpoint }
  | { readonly kind: "web-identity"; readonly webIdentity: WebIdentity; readonly issuer: Issuer }
  | { readonly kind: "environment"; readonly identity: AwsCredentialIdentity }
  | { readonly kind: "static"; readonly identity: AwsCredentialIdentity }
  | { readonly kind: "profile"; readonly profile: string }
  | { readonly kind: "provider"; readonly provider: CredentialProvider };

/** The credentials that call STS. Prints no secret. */
export class BaseIdentity {
  readonly kind: Origin["kind"];
  /** The part of a session's digest for this identity. Contains hashes of secrets, never the secrets. */
  readonly keyPart: string;
  /** Set by `instance.credentialsName`. Identities with the same name are the same identity, even across processes. */
  readonly name: string | undefined;
  readonly #origin: Origin;
  #digest: string | undefined;
  #key: string | undefined;

  constructor(origin: Origin, name?: string) {
    this.kind = origin.kind;
    this.name = name;
    this.keyPart = name === undefined ? toKeyPart(origin) : `named:${name}${toTrustPart(origin)}`;
    this.#origin = origin;
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

  /** Set only for keys in the settings or the environment. Other sources must be read first. */
  get accessKeyId(): string | undefined {
    return "identity" in this.#origin ? this.#origin.identity.accessKeyId : undefined;
  }

  /** Whether other processes can tell that a session in a store comes from this identity. */
  get isShareable(): boolean {
    return this.name !== undefined || this.kind === "instance-profile" || this.kind === "static";
  }

  /** Names the identity in errors and reports. Contains no secret. */
  get description(): string {
    return describe(this.#origin);
  }

  /** A method, so that printing the object does not show the origin. */
  origin(): Origin {
    return this.#origin;
  }
}

const PROVIDER_NUMBERS = new WeakMap<object, number>();
let lastProviderNumber = 0;

function toKeyPart(origin: Origin): string {
  switch (origin.kind) {
    case "instance-profile":
      return `imds${toTrustPart(origin)}`;
    case "container": {
      const { url, authorization } = origin.endpoint;
      return `container:${sha256(canonicalJson({ url: url.href, authorization }))}`;
    }
    case "web-identity": {
      const { tokenFile, role, roleSessionName } = origin.webIdentity;
      const parts = { tokenFile, roleArn: role.arn, roleSessionName };
      return `web-identity:${sha256(canonicalJson(parts))}${toTrustPart(origin)}`;
    }
    case "environment":
    case "static":
      return `${origin.kind}:${origin.identity.accessKeyId}:${sha256(canonicalJson(comparable(origin.identity)))}`;
    case "profile":
      return `profile:${origin.profile}`;
    case "provider": {
      const number = PROVIDER_NUMBERS.get(origin.provider) ?? ++lastProviderNumber;
      PROVIDER_NUMBERS.set(origin.provider, number);
      return `provider:${number}`;
    }
  }
}

function comparable({ expiration, ...keys }: AwsCredentialIdentity): object {
  return { ...keys, expiration: expiration?.getTime() };
}

/** Keys that an impostor of AWS may have issued must not serve an instance with stricter checks. */
function toTrustPart(origin: Origin): string {
  if (origin.kind === "instance-profile") return origin.plainHttp ? " over plain http" : "";
  const issuer = origin.kind === "web-identity" ? canonicalJson(origin.issuer) : "{}";
  return issuer === "{}" ? "" : ` by ${sha256(issuer)}`;
}

function describe(origin: Origin): string {
  switch (origin.kind) {
    case "instance-profile":
      return "the instance profile";
    case "container": {
      const { protocol, host } = origin.endpoint.url; // the path may be a secret
      return `the container's credential endpoint ${protocol}//${host}`;
    }
    case "web-identity":
      return `the web identity for ${origin.webIdentity.role.arn}`;
    case "environment":
      return `the key pair ${origin.identity.accessKeyId} in the environment`;
    case "static":
      return `the key pair ${origin.identity.accessKeyId} in instance.credentials`;
    case "profile":
      return `the profile ${quoted(origin.profile)}`;
    case "provider":
      return "the credential provider in instance.credentials";
  }
}
