import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { isRecord } from "../request/validation.js";
import { SERVICE_ACCOUNT_SUBJECT } from "./platform-hosts.js";
import { readItems, readOptions, shown } from "./read-options.js";

/** The claims of a token from the local OIDC issuer. */
export interface WebIdentityClaims {
  /** `sub`. Default: the pod's service account, `system:serviceaccount:default:integration`. */
  subject?: string;
  /** `aud`. Default: `"sts.amazonaws.com"`. */
  audience?: string | readonly string[];
  /** `iss`. Default: the issuer's own URL. */
  issuer?: string;
  /**
   * How long the token is valid from now on, in milliseconds of the clock. If negative, the token has already expired.
   * Default: 24 hours.
   */
  expiresIn?: number;
}

/** Options of the local OIDC issuer. */
export interface OidcIssuerOptions {
  /** The issuer's URL. Default: the URL of an EKS cluster's issuer in the local AWS's region. */
  url?: string;
  /** The audiences (client ids) that the provider in IAM accepts. Default: `["sts.amazonaws.com"]`. */
  audiences?: readonly string[];
}

/**
 * An OIDC issuer that is an IAM identity provider in every account. STS already has its key, so nothing is fetched from
 * its URL.
 */
export interface LocalOidcIssuer {
  /** The issuer's URL, which is the `iss` claim of its tokens. */
  readonly url: string;
  /** The ARN of the identity provider in an account, for `Principal.Federated` of a trust policy. */
  providerArn(accountId: string): string;
  /** Signs a token (ES256). */
  token(claims?: WebIdentityClaims): string;
}

/** The claims of a token, under their names in the token. */
export type TokenPayload = Readonly<Record<string, unknown>>;

const DAY = 86_400_000;
const STS_AUDIENCE = "sts.amazonaws.com";
const ISSUER_URL = /^https:\/\/[a-z0-9.-]+(:\d+)?(\/[\w.~-]+)*$/;

export class OidcIssuer implements LocalOidcIssuer {
  readonly url: string;
  readonly audiences: readonly string[];
  readonly #now: () => number;
  readonly #addSecret: (token: string) => void;
  #keys: { privateKey: KeyObject; publicKey: KeyObject } | undefined;

  constructor(region: string, given: OidcIssuerOptions, now: () => number, addSecret: (token: string) => void) {
    const { url = clusterIssuer(region), audiences = [STS_AUDIENCE] } = readOptions("oidcIssuer", given);
    if (typeof url !== "string" || !ISSUER_URL.test(url)) {
      throw new TypeError(`oidcIssuer.url must be an https URL without a query or a trailing slash, got ${shown(url)}`);
    }
    this.url = url;
    this.audiences = readItems("oidcIssuer.audiences", audiences);
    const invalid = this.audiences.find((audience) => typeof audience !== "string" || audience === "");
    if (invalid !== undefined) throw new TypeError(`oidcIssuer.audiences must be strings, got ${shown(invalid)}`);
    this.#now = now;
    this.#addSecret = addSecret;
  }

  /** The URL without its scheme: the prefix of the provider's condition keys. */
  get name(): string {
    return this.url.slice("https://".length);
  }

  providerArn(accountId: string, partition = "aws"): string {
    return `arn:${partition}:iam::${accountId}:oidc-provider/${this.name}`;
  }

  token(claims: WebIdentityClaims = {}): string {
    const { subject = SERVICE_ACCOUNT_SUBJECT, audience = STS_AUDIENCE, issuer = this.url, expiresIn = DAY } = claims;
    if (!Number.isFinite(expiresIn)) throw new RangeError(`expiresIn must be a number of ms, got ${shown(expiresIn)}`);
    const now = this.#now();
    const [iat, exp] = [toSeconds(now), toSeconds(now + expiresIn)];
    const payload = { iss: issuer, sub: subject, aud: audience, iat, exp };
    const { privateKey } = this.#keyPair();
    const signed = `${encode({ alg: "ES256", kid: this.#keyId(), typ: "JWT" })}.${encode(payload)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    const token = `${signed}.${signature.toString("base64url")}`;
    this.#addSecret(token);
    return token;
  }

  /** Whether this issuer signed the token. */
  isSigner(token: string): boolean {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const { publicKey } = this.#keyPair();
    const key = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
    const isOurs = decode(header)?.alg === "ES256";
    return isOurs && verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
  }

  #keyPair(): { privateKey: KeyObject; publicKey: KeyObject } {
    this.#keys ??= generateKeyPairSync("ec", { namedCurve: "P-256" });
    return this.#keys;
  }

  #keyId(): string {
    const { publicKey } = this.#keyPair();
    return createHash("sha256")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("hex")
      .slice(0, 40);
  }
}

/** The claims of a token, unverified; `undefined` if it is not a JWT. */
export function readTokenPayload(token: string): TokenPayload | undefined {
  const parts = token.split(".");
  if (parts.length !== 3 || decode(parts[0] ?? "") === undefined) return undefined;
  return decode(parts[1] ?? "");
}

function clusterIssuer(region: string): string {
  return `https://oidc.eks.${region}.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE`;
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
