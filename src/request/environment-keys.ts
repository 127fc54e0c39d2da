import type { AwsCredentialIdentity } from "../sdk-types.js";
import { readStaticIdentity } from "./static-keys.js";
import { conflict, invalid, variableIn } from "./validation.js";

/** The variables that AWS tools read keys from. */
const VARIABLES = {
  accessKeyId: "AWS_ACCESS_KEY_ID",
  secretAccessKey: "AWS_SECRET_ACCESS_KEY",
  sessionToken: "AWS_SESSION_TOKEN",
  accountId: "AWS_ACCOUNT_ID",
} as const;
const EXPIRATION = "AWS_CREDENTIAL_EXPIRATION";

/**
 * @returns `undefined` if the environment holds no keys
 * @throws RolecallError `INVALID_REQUEST`, naming the variable that is missing or invalid
 */
export function readEnvironmentKeys(env: Record<string, string | undefined>): AwsCredentialIdentity | undefined {
  const read = (name: string) => variableIn(env, name) || undefined;
  const { accessKeyId, secretAccessKey } = VARIABLES;
  const missing = [accessKeyId, secretAccessKey].filter((name) => read(name) === undefined);
  if (missing.length === 2) return undefined;
  if (missing[0] !== undefined) {
    const other = missing[0] === accessKeyId ? secretAccessKey : accessKeyId;
    throw conflict(missing[0], `is not set, but ${other} is`, "Set both halves of the key pair.");
  }
  const given = Object.fromEntries(Object.entries(VARIABLES).map(([part, name]) => [part, read(name)]));
  const identity = readStaticIdentity(given, (part) => VARIABLES[part]);
  const expiration = readExpiration(read(EXPIRATION));
  return expiration ? { ...identity, expiration } : identity;
}

function readExpiration(value: string | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const time = Date.parse(value);
  if (Number.isNaN(time)) throw invalid(EXPIRATION, value, "a time, such as 2030-01-31T12:00:00Z");
  return new Date(time);
}
