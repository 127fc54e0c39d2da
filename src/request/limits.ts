import type { TextRule } from "./validation.js";

/**
 * What STS takes for the plain settings of AssumeRole, from its API reference:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export const ROLE_SESSION_NAME: TextRule = {
  pattern: /^[\w+=,.@-]*$/,
  min: 2,
  max: 64,
  allowed: "2 to 64 letters, digits and _+=,.@-",
};

/** A session name that tells the machine: made safe, and at most as long as STS takes. The default one without `purpose`. */
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
  allowed: "2 to 64 letters, digits and _+=,.@-, not beginning aws:",
};

/**
 * Other clouds and simulators have ids of their own kinds, such as `test`. An id is shown in events and is part of a
 * signature's header.
 */
export const ACCESS_KEY_ID = /^[\w-]{1,128}$/;

/** Seconds. A role's own MaxSessionDuration may be lower; role chaining is limited to 3600. */
export const ROLE_SESSION_DURATION = { min: 900, max: 43_200, default: 3600 } as const;

export const MAX_POLICY_CHARACTERS = 2048;
export const MAX_POLICY_ARNS = 10;
export const MAX_TAGS = 50;
export const MAX_TAG_KEY_CHARACTERS = 128;
export const MAX_TAG_VALUE_CHARACTERS = 256;
