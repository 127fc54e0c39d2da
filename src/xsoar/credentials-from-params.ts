import { readStaticIdentity } from "../request/base-identity.js";
import { conflict, invalid, isRecord } from "../request/validation.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import { type Parameter, Parameters } from "./params.js";

/** Stands between the secret key and the session token in the one field that there is for both. */
const SEPARATOR = "@@@";

/** Both halves of one pair: the key's id and its secret. */
type KeyPair = readonly [Parameter, Parameter];

/** The names of a pair in fields of its own, older ones first. */
export const ACCESS_KEY_PAIRS = [
  ["access_key", "secret_key"],
  ["access_key_id", "secret_access_key"],
] as const;

/** The key pair in `credentials`, else the one in fields of its own; `undefined`: the instance profile is used. */
export function credentialsFromParams(params: Parameters): AwsCredentialIdentity | undefined {
  const pairs = ACCESS_KEY_PAIRS.map(([id, secret]): KeyPair => [ownField(params, id), ownField(params, secret)]);
  const [first, second] = pairs.filter(isFilledIn);
  if (first && second) {
    throw conflict(second[0].field, `is set, and ${first[0].field} is set too`, "Set one of the two key pairs.");
  }
  const pair = [pairInCredentials(params), first].find((halves) => halves && isFilledIn(halves));
  if (!pair) return undefined;
  const [id, secret] = pair;
  assertWhole(id, secret);
  assertWhole(secret, id);
  const [secretAccessKey, sessionToken] = splitSecret(secret);
  const identity = { accessKeyId: id.value, secretAccessKey, sessionToken, accountId: undefined };
  return readStaticIdentity(identity, (part) => (part === "accessKeyId" ? id : secret).field);
}

function pairInCredentials(params: Parameters): KeyPair | undefined {
  const { field, value } = params.get("credentials");
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw invalid(field, value, "an object with identifier and password");
  const credentials = new Parameters(field, value);
  return [identifierIn(credentials), credentials.get("password")];
}

/** Of a key pair in a vault, `identifier` names the entry, and the id stands deeper. */
function identifierIn(credentials: Parameters): Parameter {
  const { field, value } = credentials.get("credentials");
  const vault = isRecord(value) ? new Parameters(field, value) : undefined;
  return vault?.get("vaultInstanceId").value ? vault.get("user") : credentials.get("identifier");
}

/** A text, or the `password` of a field that the platform keeps as a secret. */
function ownField(params: Parameters, name: string): Parameter {
  const half = params.get(name);
  return isRecord(half.value) ? new Parameters(half.field, half.value).get("password") : half;
}

function isFilledIn(pair: KeyPair): boolean {
  return pair.some(({ value }) => value !== undefined);
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
  throw invalid(field, value, `a secret key, or a secret key, ${SEPARATOR} and a session token`);
}
