import { RoleArn, readRoleArn } from "../request/role-arn.js";
import { escapeNonLatin } from "../request/session-policy.js";
import { conflict, invalid, invalidText, readSettings } from "../request/validation.js";
import { toCloudFormation } from "./cloudformation.js";
import type { SetupPolicy } from "./policy-document.js";
import { toTerraform } from "./terraform.js";

/** `json`: the document alone. `terraform`: HCL with whole resources. `cloudformation`: a whole template in YAML. */
export type PolicyFormat = "json" | "terraform" | "cloudformation";

const FORMATS: Record<PolicyFormat, (policy: SetupPolicy) => string> = {
  json: toJson,
  terraform: (policy) => toTerraform(policy.kind, policy.document, requireRole("terraform", policy)),
  cloudformation: (policy) => toCloudFormation(policy.kind, policy.document, requireRole("cloudformation", policy)),
};

/**
 * A document as text that ends with a line feed.
 * @throws RolecallError `INVALID_REQUEST` if the format needs a role's ARN that is not known, or cannot carry the document
 */
export function formatPolicy(policy: SetupPolicy, format: PolicyFormat): string {
  if (typeof format !== "string" || !Object.hasOwn(FORMATS, format)) {
    throw invalidText("format", format, Object.keys(FORMATS).join(", "));
  }
  return FORMATS[format](readSetupPolicy(policy));
}

const KEYS = ["kind", "document", "roleArn", "partition", "warnings"] as const;
const KINDS: readonly unknown[] = ["identity", "trust", "ec2-trust"];
const ALLOWED_POLICY = "what identityPolicy, trustPolicy or ec2TrustPolicy returns";

function readSetupPolicy(policy: unknown): SetupPolicy {
  const { kind, document, roleArn, ...others } = readSettings("policy", policy, KEYS);
  if (!KINDS.includes(kind)) throw invalid("policy", policy, ALLOWED_POLICY);
  return {
    ...others,
    kind,
    document: readDocument(document),
    roleArn: readRoleArn("policy.roleArn", roleArn)?.arn,
  } as SetupPolicy;
}

/** Characters of JSON. IAM's largest policy has some 10,000. */
const LONGEST_DOCUMENT = 100_000;

/** As JSON has it: what a format walks through is plain data that ends. */
function readDocument(value: unknown): unknown {
  const json = asJson(value) ?? "";
  if (!json.startsWith("{") && !json.startsWith("[")) throw invalid("policy.document", value, ALLOWED_POLICY);
  if (json.length > LONGEST_DOCUMENT) {
    throw conflict("policy.document", `has ${json.length} characters of JSON`, "IAM takes no policy of that size.");
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

/** Neither format can escape what IAM does not take raw. */
function requireRole(format: PolicyFormat, { document, roleArn }: SetupPolicy): RoleArn {
  const json = JSON.stringify(document);
  if (escapeNonLatin(json) !== json) {
    throw conflict(
      "format",
      `is ${format}, and a tag has characters above U+00FF`,
      "IAM takes them in JSON only, where they are escaped: use json.",
    );
  }
  if (roleArn === undefined) {
    throw conflict("principal", `is missing, and ${format} names the role`, "Give the ARN of the machine's role.");
  }
  return new RoleArn(roleArn);
}
