import type { PolicyDocument } from "./policy-document.js";

/** What a {@link PolicyWarning} is about, as a stable word to branch on. */
export type PolicyWarningCode =
  | "any-role"
  | "any-account"
  | "every-role"
  | "every-action"
  | "every-resource"
  | "any-source-identity"
  | "partition-assumed"
  | "too-large";

/** Something that an administrator should look at before a document is used. */
export interface PolicyWarning {
  readonly code: PolicyWarningCode;
  /** What it is, and what to do. */
  readonly message: string;
}

/**
 * Characters, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MAX_INLINE = 10_240;
const MAX_MANAGED = 6_144;
const DEFAULT_MAX_TRUST = 2_048;

export function warn(code: PolicyWarningCode, message: string): PolicyWarning {
  return { code, message };
}

function countCharacters(document: PolicyDocument): number {
  return JSON.stringify(document).length;
}

export function warnOfIdentityPolicySize(document: PolicyDocument): PolicyWarning[] {
  const size = countCharacters(document);
  if (size <= MAX_MANAGED) return [];
  const managed = `${MAX_MANAGED} characters of one managed policy`;
  const advice = "Write patterns such as role/integration-* for the roles, or split the list over several documents.";
  if (size > MAX_INLINE) {
    const inline = `the ${MAX_INLINE} characters that all inline policies of a role may have together`;
    return [
      warn("too-large", `The document has ${size} characters: more than the ${managed}, and than ${inline}. ${advice}`),
    ];
  }
  return [
    warn(
      "too-large",
      `The document has ${size} characters, more than the ${managed}: it fits as an inline policy only. ${advice}`,
    ),
  ];
}

export function warnOfTrustPolicySize(document: PolicyDocument): PolicyWarning[] {
  const size = countCharacters(document);
  if (size <= DEFAULT_MAX_TRUST) return [];
  const message =
    `The trust policy has ${size} characters, and IAM takes ${DEFAULT_MAX_TRUST} by default. ` +
    'Ask for a higher quota "Role trust policy length" in the role\'s account, or limit fewer tags.';
  return [warn("too-large", message)];
}
