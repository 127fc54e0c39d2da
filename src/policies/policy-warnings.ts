import type { PolicyDocument } from "./policy-document.js";

/** A stable code to branch on. */
export type PolicyWarningCode =
  | "any-role"
  | "any-account"
  | "every-role"
  | "every-action"
  | "every-resource"
  | "any-source-identity"
  | "partition-assumed"
  | "too-large";

/** Something an administrator should check before using a document. */
export interface PolicyWarning {
  readonly code: PolicyWarningCode;
  /** The problem and what to do about it. */
  readonly message: string;
}

/** In characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
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
  const managed = `the limit of ${MAX_MANAGED} for a managed policy`;
  const advice = "Use patterns such as role/integration-*, or split the list into several documents.";
  const problem =
    size > MAX_INLINE
      ? `more than ${managed} and the limit of ${MAX_INLINE} for all inline policies of a role`
      : `more than ${managed}, so it fits only as an inline policy`;
  return [warn("too-large", `The document has ${size} characters, ${problem}. ${advice}`)];
}

export function warnOfTrustPolicySize(document: PolicyDocument): PolicyWarning[] {
  const size = countCharacters(document);
  if (size <= DEFAULT_MAX_TRUST) return [];
  const message =
    `The trust policy has ${size} characters, more than the default limit of ${DEFAULT_MAX_TRUST}. ` +
    'Request a higher quota for "Role trust policy length" in the role\'s account, or restrict fewer tags.';
  return [warn("too-large", message)];
}
