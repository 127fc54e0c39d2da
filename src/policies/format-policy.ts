import { RoleArn, readRoleArn } from "../request/role-arn.js";
import { escapeNonLatin } from "../request/session-policy.js";
import { conflict, invalid, invalidText, readSettings } from "../request/validation.js";
import { toCloudFormation } from "./cloudformation.js";
import type { SetupPolicy } from "./policy-document.js";
import { toTerraform } from "./terraform.js";

/** `json`: the document only. `terraform`: HCL with complete resources. `cloudformation`: a complete YAML template. */
export type PolicyFormat = "json" | "terraform" | "cloudformation";

const FORMATS: Record<PolicyFormat, (policy: SetupPolicy) => string> = {
  json: toJson,
  terraform: (policy) => toTerraform(policy, requireRole("terraform", policy)),
  cloudformation: (policy) => toCloudFormation(policy, requireRole("cloudformation", policy)),
};

/**
 * Formats a policy as text, with a trailing newline.
 * @throws RolecallError `INVALID_REQUEST` if the format needs a role ARN that is missing, or cannot represent the
 * document
 */
export function formatPolicy(policy: SetupPolicy, format: PolicyFormat): string {
  if (typeof format !== "string" || !Object.hasOwn(FORMATS, format)) {
    throw invalidText("format", format, Object.keys(FORMATS).join(", "));
  }
  return FORMATS[format](readSetupPolicy(policy));
}

const KEYS = ["kind", "document", "permissions", "roleArn", "partition", "warnings"] as const;
const KINDS: readonly unknown[] = [
  "identity",
  "trust",
  "ec2-trust",
  "ecs-trust",
  "lambda-trust",
  "pod-identity-trust",
  "irsa-trust",
  "permissions",
] satisfies SetupPolicy["kind"][];
const ALLOWED_POLICY = "the result of a function of aws-rolecall/policies, such as trustPolicy";

function readSetupPolicy(policy: unknown): SetupPolicy {
  const { kind, document, permissions, roleArn, ...others } = readSettings("policy", policy, KEYS);
  if (!KINDS.includes(kind)) throw invalid("policy", policy, ALLOWED_POLICY);
  return {
    ...others,
    kind,
    document: readDocument("policy.document", document),
    ...(permissions !== undefined && { permissions: readDocument("policy.permissions", permissions) }),
    roleArn: readRoleArn("policy.roleArn", roleArn)?.arn,
  } as SetupPolicy;
}

/** In characters of JSON. The largest IAM policy has about 10,000. */
const LONGEST_DOCUMENT = 100_000;

/** Copies the document through JSON, so that the formatters only see finite plain data. */
function readDocument(field: string, value: unknown): unknown {
  const json = asJson(value) ?? "";
  if (!json.startsWith("{") && !json.startsWith("[")) throw invalid(field, value, ALLOWED_POLICY);
  if (json.length > LONGEST_DOCUMENT) {
    throw conflict(field, `has ${json.length} characters of JSON`, "IAM does not accept a policy of that size.");
  }
  return JSON.parse(json);
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function toJson({ document }: SetupPolicy): string {
  return `${escapeNonLatin(JSON.stringify(document, null, 2))}\n`;
}

/** Requires the role, and a document that both formats can represent: they cannot escape characters above U+00FF. */
function requireRole(format: PolicyFormat, { kind, document, roleArn }: SetupPolicy): RoleArn {
  const json = JSON.stringify(document);
  if (escapeNonLatin(json) !== json) {
    throw conflict(
      "format",
      `is ${format}, and a tag has characters above U+00FF`,
      "Use json. IAM accepts these characters only as JSON escapes.",
    );
  }
  if (roleArn === undefined) {
    throw conflict(
      kind === "permissions" ? "role" : "principal",
      `is missing, but ${format} requires it`,
      "Set it to the ARN of the role that the policy is for.",
    );
  }
  return new RoleArn(roleArn);
}
