import { countCharacters, type PolicyDocument } from "./policy-document.js";

/** In characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const MAX_INLINE = 10_240;
export const MAX_MANAGED = 6_144;
/** The default quota of managed policies that a role may have. From the same page. */
export const MAX_MANAGED_POLICIES = 10;

/** Which limits of a role's policies a document exceeds; `undefined` if it fits into a managed policy. */
export function describeExcess(document: PolicyDocument): string | undefined {
  const size = countCharacters(document);
  if (size <= MAX_MANAGED) return undefined;
  const managed = `the limit of ${MAX_MANAGED} for a managed policy`;
  const problem =
    size > MAX_INLINE
      ? `more than ${managed} and the limit of ${MAX_INLINE} for all inline policies of a role`
      : `more than ${managed}, so it fits only as an inline policy`;
  return `The document has ${size} characters, ${problem}.`;
}
