import { ROLE_SESSION_NAME } from "./limits.js";
import type { Platform, PlatformVariable } from "./platform.js";
import { type RoleArn, readRoleArn } from "./role-arn.js";
import { conflict, invalid, isGiven, readText } from "./validation.js";

/** A role that the library assumes with a token from an OIDC provider. */
export interface WebIdentitySource {
  /** The path of the file that contains the token. The library reads the file again at each use. */
  webIdentityTokenFile: string;
  /** The role that trusts the OIDC provider. */
  roleArn: string;
  /** 2 to 64 characters of `[\w+=,.@-]`. Default `rolecall-<hostname>`. */
  roleSessionName?: string | null | undefined;
}

/** A validated {@link WebIdentitySource}. */
export interface WebIdentity {
  readonly tokenFile: string;
  /** The setting or variable that names the file, for errors. */
  readonly tokenFileFrom: string;
  readonly role: RoleArn;
  /** `undefined` for a generated name. */
  readonly roleSessionName: string | undefined;
}

export const WEB_IDENTITY_KEYS = [
  "webIdentityTokenFile",
  "roleArn",
  "roleSessionName",
] as const satisfies (keyof WebIdentitySource)[];
type Part = (typeof WEB_IDENTITY_KEYS)[number];

const VARIABLES = {
  webIdentityTokenFile: "AWS_WEB_IDENTITY_TOKEN_FILE",
  roleArn: "AWS_ROLE_ARN",
  roleSessionName: "AWS_ROLE_SESSION_NAME",
} as const satisfies Record<Part, PlatformVariable>;

const LONGEST_PATH = 4096;

/**
 * @param fieldOf returns the name of a part for errors
 * @throws RolecallError `INVALID_REQUEST`, naming the part that is missing or invalid
 */
export function readWebIdentity(given: Partial<Record<Part, unknown>>, fieldOf: (part: Part) => string): WebIdentity {
  const tokenFile = readTokenFile(fieldOf("webIdentityTokenFile"), given.webIdentityTokenFile);
  const role = readRoleArn(fieldOf("roleArn"), given.roleArn);
  const roleSessionName = readText(fieldOf("roleSessionName"), given.roleSessionName, ROLE_SESSION_NAME);
  if (tokenFile === undefined) throw isMissing("webIdentityTokenFile", "roleArn", fieldOf);
  if (role === undefined) throw isMissing("roleArn", "webIdentityTokenFile", fieldOf);
  return { tokenFile, tokenFileFrom: fieldOf("webIdentityTokenFile"), role, roleSessionName };
}

function readTokenFile(field: string, value: unknown): string | undefined {
  if (!isGiven(value)) return undefined;
  const isPath = typeof value === "string" && value !== "" && value.length <= LONGEST_PATH && !value.includes("\0");
  if (!isPath) throw invalid(field, value, `the path of a file, at most ${LONGEST_PATH} characters`);
  return value;
}

function isMissing(missing: Part, other: Part, fieldOf: (part: Part) => string): Error {
  return conflict(
    fieldOf(missing),
    `is not set, but ${fieldOf(other)} is`,
    "A web identity needs both: the file that holds the token, and the role that trusts its issuer.",
  );
}

/** The web identity that the platform announces; `undefined` if it announces none. */
export function announcedWebIdentity(platform: Platform): WebIdentity | undefined {
  if (!platform.announced.some(({ source }) => source === "WebIdentity")) return undefined;
  const given = Object.fromEntries(WEB_IDENTITY_KEYS.map((part) => [part, platform.variable(VARIABLES[part])]));
  return readWebIdentity(given, (part) => VARIABLES[part]);
}
