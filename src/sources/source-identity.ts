import { ACCESS_KEY_ID } from "../request/limits.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";

/** Keys that a source gave, and whose they are. */
export interface SourceIdentity {
  readonly credentials: AwsCredentialIdentity;
  /** What the source says about whose keys these are: a role's ARN or name, or an account. Not every source says it. */
  readonly identity?: string | undefined;
}

/** The answer of the metadata service, and of a container's endpoint. */
export type CredentialSet = Readonly<Record<string, unknown>>;

/** @throws SyntaxError which quotes the text */
export function parseCredentialSet(text: string): CredentialSet {
  return (JSON.parse(text) ?? {}) as CredentialSet;
}

/** The keys of a set; `undefined` if it is not complete. */
export function readCredentialSet(set: CredentialSet): AwsCredentialIdentity | undefined {
  const { AccessKeyId, SecretAccessKey, Token, Expiration, AccountId } = set;
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  const isComplete = isText(AccessKeyId) && isText(SecretAccessKey) && isText(Token) && isText(Expiration);
  if (!isComplete || !ACCESS_KEY_ID.test(AccessKeyId)) return undefined;
  if (AccountId !== undefined && !/^\d{12}$/.test(String(AccountId))) return undefined;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    expiration: new Date(Expiration),
    ...(AccountId !== undefined && { accountId: String(AccountId) }),
  };
}
