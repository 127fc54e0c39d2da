import { readLimit, readText, type TextRule } from "./validation.js";

/**
 * What STS accepts for the AssumeRole parameters, from its API reference:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export const ROLE_SESSION_NAME: TextRule = {
  pattern: /^[\w+=,.@-]*$/,
  min: 2,
  max: 64,
  allowed: "2 to 64 letters, digits and _+=,.@-",
};

/** Role session name derived from the hostname. Without `purpose`, it is the default role session name. */
export function toMachineSessionName(hostname: string, purpose = "rolecall"): string {
  return `${purpose}-${hostname.replace(/[^\w+=,.@-]/g, "-")}`.slice(0, ROLE_SESSION_NAME.max);
}

export const EXTERNAL_ID: TextRule = {
  pattern: /^[\w+=,.@:/-]*$/,
  min: 2,
  max: 1224,
  allowed: "2 to 1224 letters, digits and _+=,.@:/-",
  sensitive: true,
};

export const SOURCE_IDENTITY: TextRule = {
  pattern: /^(?!aws:)[\w+=,.@-]*$/,
  min: 2,
  max: 64,
  allowed: "2 to 64 letters, digits and _+=,.@-, not starting with aws:",
};

/**
 * Looser than AWS's format, because other clouds and simulators use ids such as `test`. Strict enough for events and for
 * the `Authorization` header, which contain the id.
 */
export const ACCESS_KEY_ID = /^[\w-]{1,128}$/;

/** `null` is an error: silently dropping the external id would remove its protection against a confused deputy. */
export function readExternalId(field: string, value: unknown): string | undefined {
  return readText(field, readLimit(field, value), EXTERNAL_ID);
}

export function readSourceIdentity(field: string, value: unknown): string | undefined {
  return readText(field, value, SOURCE_IDENTITY);
}

/** Seconds. A role's own MaxSessionDuration may be lower. `chained`: the maximum with role chaining. */
export const ROLE_SESSION_DURATION = { min: 900, max: 43_200, default: 3600, chained: 3600 } as const;

export const MAX_POLICY_CHARACTERS = 2048;
export const MAX_POLICY_ARNS = 10;
export const MAX_TAGS = 50;
export const MAX_TAG_KEY_CHARACTERS = 128;
export const MAX_TAG_VALUE_CHARACTERS = 256;
