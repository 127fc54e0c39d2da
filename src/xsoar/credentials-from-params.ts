import { readStaticIdentity } from "../request/static-keys.js";
import { conflict, invalid, isRecord } from "../request/validation.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import { type Parameter, Parameters } from "./params.js";

/** Separates the secret key from the session token, because the platform has a single field for both. */
const SEPARATOR = "@@@";

/** An access key id and its secret. */
type KeyPair = readonly [Parameter, Parameter];

/** The parameter names for a key pair outside `credentials`, oldest first. */
export const ACCESS_KEY_PAIRS = [
  ["access_key", "secret_key"],
  ["access_key_id", "secret_access_key"],
] as const;

/** The key pair from `credentials`, otherwise from separate parameters; `undefined` to use the instance profile. */
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

/** For a key pair in a vault, `identifier` is the name of the entry, and `credentials.user` has the key id. */
function identifierIn(credentials: Parameters): Parameter {
  const { field, value } = credentials.get("credentials");
  const vault = isRecord(value) ? new Parameters(field, value) : undefined;
  return vault?.get("vaultInstanceId").value ? vault.get("user") : credentials.get("identifier");
}

/** Reads a plain field, or the `password` of a field that the platform stores as a secret. */
function ownField(params: Parameters, name: string): Parameter {
  const half = params.get(name);
  return isRecord(half.value) ? new Parameters(half.field, half.value).get("password") : half;
}

function isFilledIn(pair: KeyPair): boolean {
  return pair.some(({ value }) => value !== undefined);
}

function assertWhole(half: Parameter, other: Parameter): void {
  if (half.value !== undefined) return;
  const hint = "Set both halves of the key pair. To use the machine's instance profile, set neither.";
  throw conflict(half.field, `is missing, but ${other.field} is set`, hint);
}

function splitSecret({ field, value }: Parameter): [unknown, string | undefined] {
  if (typeof value !== "string" || !value.includes(SEPARATOR)) return [value, undefined];
  const [secretAccessKey, sessionToken, ...more] = value.split(SEPARATOR);
  if (secretAccessKey && sessionToken && more.length === 0) return [secretAccessKey, sessionToken];
  throw invalid(field, value, `<secret key> or <secret key>${SEPARATOR}<session token>`);
}
