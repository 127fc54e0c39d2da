import { ACCESS_KEY_ID } from "../request/limits.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";

/** Keys from a source, and the identity that they belong to. */
export interface SourceIdentity {
  readonly credentials: AwsCredentialIdentity;
  /** The owner of the keys, if the source reports one: a role's ARN or name, or an account. */
  readonly identity?: string | undefined;
}

/** The response of the metadata service or of a container's credential endpoint. */
export type CredentialSet = Readonly<Record<string, unknown>>;

/** @throws SyntaxError whose message quotes the response */
export function parseCredentialSet(text: string): CredentialSet {
  return (JSON.parse(text) ?? {}) as CredentialSet;
}

/** The keys of a set, or `undefined` if it is incomplete or malformed. */
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
