import { readStaticIdentity } from "../request/base-identity.js";
import { conflict, invalid, isRecord } from "../request/validation.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import { type Parameter, Parameters } from "./params.js";

/** Stands between the secret key and the session token in the one field that there is for both. */
const SEPARATOR = "@@@";

/** Both halves of one pair: the key's id and its secret. */
type KeyPair = readonly [Parameter, Parameter];

/** The key pair in `credentials`, else the older one; `undefined`: the instance profile is used. */
export function credentialsFromParams(params: Parameters): AwsCredentialIdentity | undefined {
  const pair = [pairInCredentials(params), [params.get("access_key"), params.get("secret_key")] as const].find(
    (halves) => halves?.some(({ value }) => value !== undefined),
  );
  if (!pair) return undefined;
  const [id, secret] = pair;
  assertWhole(id, secret);
  assertWhole(secret, id);
  const [secretAccessKey, sessionToken] = splitSecret(secret);
  const identity = { accessKeyId: id.value, secretAccessKey, sessionToken };
  return readStaticIdentity(identity, (part) => (part === "accessKeyId" ? id : secret).field);
}

function pairInCredentials(params: Parameters): KeyPair | undefined {
  const { field, value } = params.get("credentials");
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw invalid(field, value, "an object with identifier and password", { sensitive: true });
  const credentials = new Parameters(field, value);
  return [credentials.get("identifier"), credentials.get("password")];
}

function assertWhole(half: Parameter, other: Parameter): void {
  if (half.value !== undefined) return;
  const hint = "Set both halves of the key pair, or neither: then the machine's instance profile is used.";
  throw conflict(half.field, `is missing, and ${other.field} is set`, hint);
}

function splitSecret({ field, value }: Parameter): [unknown, string | undefined] {
  if (typeof value !== "string" || !value.includes(SEPARATOR)) return [value, undefined];
  const [secretAccessKey, sessionToken, ...more] = value.split(SEPARATOR);
  if (secretAccessKey && sessionToken && more.length === 0) return [secretAccessKey, sessionToken];
  throw invalid(field, value, `a secret key, or a secret key, ${SEPARATOR} and a session token`, { sensitive: true });
}
