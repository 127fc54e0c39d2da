import { createRequire } from "node:module";
import { parse } from "yaml";

/** HashiCorp's own HCL parser. https://www.npmjs.com/package/hcl2-parser */
const { parseToObject } = createRequire(import.meta.url)("hcl2-parser") as {
  parseToObject(hcl: string): [Record<string, unknown> | null, unknown];
};

type Resources = Record<string, Record<string, [Record<string, unknown>]>>;

/** What Terraform reads in HCL: resource type and label to attributes, with the argument of `jsonencode` as a value. */
export function readTerraform(hcl: string): Resources {
  // The parser returns a function call as text. Without the call it evaluates the argument.
  const [parsed, error] = parseToObject(hcl.replace(/ = jsonencode\(\{\n(.*?\n) {2}\}\)$/gms, " = {\n$1  }"));
  if (parsed === null) throw new Error(`Not HCL: ${JSON.stringify(error)}\n${hcl}`);
  return parsed.resource as Resources;
}

export interface Template {
  AWSTemplateFormatVersion: string;
  Description: string;
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

/** What CloudFormation reads in YAML. It supports version 1.1; other tools support 1.2. */
export function readCloudFormation(yaml: string): Template {
  const [template, other] = (["1.1", "1.2"] as const).map((version) => parse(yaml, { version }) as Template);
  if (JSON.stringify(template) !== JSON.stringify(other)) throw new Error(`YAML 1.1 and 1.2 differ:\n${yaml}`);
  return template as Template;
}
