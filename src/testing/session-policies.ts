import { isRecord } from "../request/validation.js";
import { AwsError } from "./aws-error.js";
import { type IamPolicy, type IdentityStatement, readIdentityPolicy } from "./iam-policy.js";

/** The policies that a session was created with. They limit what its role may do, and never extend it. */
export interface SessionPolicies {
  readonly statements: readonly IdentityStatement[];
  /** Whether they include a managed policy whose document the local AWS does not have. */
  readonly areIncomplete: boolean;
}

/** Managed policies by ARN. */
export type ManagedPolicies = ReadonlyMap<string, readonly IdentityStatement[]>;

const MANAGED_POLICY_ARN = /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\x21-\x7e]+$/;

/** @throws TypeError naming the policy and the element that is invalid or that the local AWS does not support */
export function readManagedPolicies(option: string, given: Readonly<Record<string, IamPolicy>>): ManagedPolicies {
  if (!isRecord(given)) throw new TypeError(`${option} must be an object of policy documents`);
  return new Map(
    Object.entries(given).map(([arn, policy]) => {
      const path = `${option}[${JSON.stringify(arn)}]`;
      if (!MANAGED_POLICY_ARN.test(arn)) throw new TypeError(`${path} must be named by the ARN of a managed policy`);
      return [arn, readIdentityPolicy(path, policy)];
    }),
  );
}

/**
 * The session policies of an AssumeRole call; `undefined` if it has none.
 * @throws AwsError if the inline policy is not one that the local AWS can evaluate
 */
export function readSessionPolicies(
  { policy, policyArns }: { readonly policy: string | undefined; readonly policyArns: readonly string[] },
  managed: ManagedPolicies,
): SessionPolicies | undefined {
  if (policy === undefined && policyArns.length === 0) return undefined;
  const inline = policy === undefined ? [] : readInlinePolicy(policy);
  return {
    statements: [...inline, ...policyArns.flatMap((arn) => managed.get(arn) ?? [])],
    areIncomplete: policyArns.some((arn) => !managed.has(arn)),
  };
}

function readInlinePolicy(policy: string): readonly IdentityStatement[] {
  const document = parseJson(policy);
  if (document === undefined) throw malformed("This policy contains invalid Json");
  if (allowsNothing(document)) return [];
  try {
    return readIdentityPolicy("Policy", document as object);
  } catch (error) {
    if (error instanceof TypeError) throw malformed(`Syntax errors in policy. ${error.message}`);
    throw error;
  }
}

function allowsNothing(document: unknown): boolean {
  return isRecord(document) && Array.isArray(document.Statement) && document.Statement.length === 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(message: string): AwsError {
  return new AwsError(400, "MalformedPolicyDocument", message);
}
