import { decideRequest, serviceRegion } from "../request/role-request.js";
import { defineCommand } from "./command.js";
import { type Fact, LABELS, listFacts, listKeyParts } from "./explain/facts.js";
import { warnOfUnknownRegions } from "./known-regions.js";
import { REQUEST_OPTIONS, readRequestOptions } from "./options.js";

export const command = defineCommand(
  {
    about: [
      "Shows which identity a command would run as, the identities that lead to it, and where each setting comes from. " +
        "Makes no network calls to AWS or the metadata service. <role ARN> is the command argument roleArn. Default: the " +
        "instance's role.",
    ],
    arguments: { name: "<role ARN>", field: "roleArn", max: 1 },
    options: {
      ...REQUEST_OPTIONS,
      json: { help: "Machine-readable output. External ids, policies and keys are never shown." },
    },
    exitCodes: {
      0: "The command would run.",
      1: "The command would be refused. The error message says why.",
      2: "The command line, or a file that it names, is invalid.",
    },
    examples: ["npx aws-rolecall explain arn:aws:iam::123456789012:role/Inventory --config /etc/integration.json"],
  },
  async ({ values, arguments: [roleArn] }, { stdout, stderr, env }) => {
    const { instance, overrides } = readRequestOptions(values, roleArn, stderr);
    const explained = decideRequest(instance, overrides, undefined, env);
    serviceRegion(explained.request);
    const facts = listFacts(explained, env);
    warnOfUnknownRegions(explained.chosen, stderr);
    const madeOf = listKeyParts(explained);
    stdout.write(values.json ? toJson(facts, madeOf) : toText(facts, madeOf));
    return 0;
  },
);

function toJson(facts: readonly Fact[], madeOf: readonly string[]): string {
  const settings = Object.fromEntries(facts.map(({ setting, value, from }) => [setting, { value, from }]));
  return `${JSON.stringify({ settings, cacheKey: { madeOf } }, undefined, 2)}\n`;
}

function toText(facts: readonly Fact[], madeOf: readonly string[]): string {
  const rows = facts.map(({ setting, value, from }) => [LABELS[setting], formatValue(value), from] as const);
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const lines = rows.map(([setting, value, from]) => `${setting.padEnd(width(0))}  ${value.padEnd(width(1))}  ${from}`);
  return [...lines, "", `cache key parts: ${madeOf.join(", ")}`, ""].join("\n");
}

function formatValue(value: Fact["value"]): string {
  if (value === undefined) return "(set, not shown)";
  if (typeof value !== "object") return String(value);
  const items = Array.isArray(value) ? value : Object.entries(value).map((tag) => tag.join("="));
  return items.join(", ");
}
