import { decideRequest, serviceRegion } from "../request/role-request.js";
import { type CliCommand, parseCommandLine, UsageError } from "./command.js";
import { type Fact, LABELS, listFacts, listKeyParts } from "./explain/facts.js";
import { adviseOnRegion } from "./known-regions.js";
import { REQUEST_OPTIONS, REQUEST_OPTIONS_HELP, readRequestOptions } from "./options.js";

export const command: CliCommand = {
  help: `Usage: rolecall explain [<role ARN>] [options]

Shows which identity a command would run as, through which other identities, and where each setting comes from. Makes no
network calls, neither to AWS nor to the metadata service. <role ARN> is the command argument roleArn. Default: the
instance's role.

${REQUEST_OPTIONS_HELP}
  --json                              Machine-readable output. External ids, policies and keys are never shown.

Exit codes: 0; 1 if the command would be refused, with the reason; 2 for an invalid command line.

Example: npx aws-rolecall explain arn:aws:iam::123456789012:role/Inventory --config /etc/integration.json
`,
  async run(args, { stdout, stderr, env }) {
    const { values, positionals } = parseCommandLine({
      args,
      options: { ...REQUEST_OPTIONS, json: { type: "boolean" } },
      allowPositionals: true,
    });
    const [roleArn, ...others] = positionals;
    if (others.length > 0) throw new UsageError("rolecall explain takes one role.");
    const { instance, overrides } = readRequestOptions(values, roleArn, stderr);
    const explained = decideRequest(instance, overrides, undefined, env);
    serviceRegion(explained.request);
    const facts = listFacts(explained, env);
    const { region, stsRegion } = explained.chosen;
    for (const chosen of region?.value === stsRegion?.value ? [region] : [region, stsRegion]) {
      const advice = chosen && adviseOnRegion(chosen.value);
      if (!advice) continue;
      stderr.write(`warning: this release does not know the region ${chosen.value} (${chosen.from}). ${advice}\n`);
    }
    const madeOf = listKeyParts(explained);
    stdout.write(values.json ? toJson(facts, madeOf) : toText(facts, madeOf));
    return 0;
  },
};

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
