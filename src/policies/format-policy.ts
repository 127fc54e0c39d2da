import { RoleArn } from "../request/role-arn.js";
import { escapeNonLatin } from "../request/session-policy.js";
import { conflict, invalidText } from "../request/validation.js";
import { toCloudFormation } from "./cloudformation.js";
import type { SetupPolicy } from "./policy-document.js";
import { toTerraform } from "./terraform.js";

/** `json`: the document alone. `terraform`: HCL with whole resources. `cloudformation`: a whole template in YAML. */
export type PolicyFormat = "json" | "terraform" | "cloudformation";

const FORMATS: Record<PolicyFormat, (policy: SetupPolicy) => string> = {
  json: toJson,
  terraform: (policy) => toTerraform(policy.kind, policy.document, roleOf("terraform", policy)),
  cloudformation: (policy) => toCloudFormation(policy.kind, policy.document, roleOf("cloudformation", policy)),
};

/**
 * A document as text that ends with a line feed.
 * @throws RolecallError `INVALID_REQUEST` if the format needs a role's ARN that is not known, or cannot carry the document
 */
export function formatPolicy(policy: SetupPolicy, format: PolicyFormat): string {
  if (!Object.hasOwn(FORMATS, format)) throw invalidText("format", format, Object.keys(FORMATS).join(", "));
  return FORMATS[format](policy);
}

function toJson({ document }: SetupPolicy): string {
  return `${escapeNonLatin(JSON.stringify(document, null, 2))}\n`;
}

/** Neither format can escape what IAM does not take raw. */
function roleOf(format: PolicyFormat, { document, roleArn }: SetupPolicy): RoleArn {
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
