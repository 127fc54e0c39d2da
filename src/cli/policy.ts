import {
  ec2TrustPolicy,
  formatPolicy,
  type IdentityPolicyVariant,
  identityPolicy,
  type PolicyFormat,
  type SetupPolicy,
  trustPolicy,
} from "../policies/index.js";
import { type CliCommand, onlyValue, parseCommandLine, UsageError } from "./command.js";
import { readInstanceFile } from "./instance-file.js";
import type { ReportOutput } from "./report.js";

const OPTIONS = {
  config: { type: "string" },
  principal: { type: "string", multiple: true },
  variant: { type: "string" },
  action: { type: "string", multiple: true },
  "external-id": { type: "string", multiple: true },
  "author-tag": { type: "string", multiple: true },
  "inherited-tag": { type: "string", multiple: true },
  "source-identity": { type: "string", multiple: true },
  partition: { type: "string" },
  format: { type: "string", default: "json" },
} as const;

type OptionName = keyof typeof OPTIONS;
type Values = ReturnType<typeof parseCommandLine<{ options: typeof OPTIONS }>>["values"];

interface Kind {
  /** Options besides `format`, which every kind takes. */
  readonly options: readonly OptionName[];
  make(values: Values, roles: readonly string[], stderr: ReportOutput): SetupPolicy;
}

const KINDS: Record<string, Kind> = {
  identity: {
    options: [
      "config",
      "principal",
      "variant",
      "action",
      "author-tag",
      "inherited-tag",
      "source-identity",
      "partition",
    ],
    make: identity,
  },
  trust: {
    options: ["config", "principal", "external-id", "author-tag", "inherited-tag", "source-identity"],
    make: trust,
  },
  "ec2-trust": { options: ["principal", "partition"], make: ec2Trust },
};

export const command: CliCommand = {
  help: `Usage: rolecall policy identity [<role>...] [--variant <variant>] [options]
       rolecall policy trust [<role>] [--principal <arn>] [options]
       rolecall policy ec2-trust [options]

Prints an IAM policy document for the setup, with warnings on stderr. Sends nothing to AWS.

identity    The permissions of the machine's role. <role>: the ARNs or patterns it may assume. Default: from --config.
            With sourceRole in --config: the machine's role may assume only that role. To print the permissions of the
            source role, name it with --principal. With accounts: also the roles there. The same for their permissions.
trust       The trust policy of a role to assume. <role>: its ARN. Default: the roleArn in --config. For a role in
            accounts, terraform and cloudformation also give it the permission that the library needs.
ec2-trust   The trust policy of the machine's role, which lets EC2 assume it.

  --principal <arn>        The machine's role, from its instance profile. For trust, also an IAM user with static keys;
                           repeatable. With sourceRole in --config, that role is the default for the roles of commands.
  --config <file>          The instance's settings in JSON: allowedRoles or roleArn, externalId, tags, sourceIdentity,
                           sourceRole, accounts.
  --format <format>        json (default), terraform or cloudformation. The last two need --principal.
  --variant <variant>      identity: listed-roles (default), any-role, or own-permissions to assume no role.
  --action <action>        identity with own-permissions: an action that commands use. Repeatable.
  --external-id <id>       trust: the external id that the role requires. Repeat it to accept any of several.
                           Default: the one in --config.
  --author-tag <key>       A session tag that authors may add, with any value. Repeatable.
  --inherited-tag <key>    A transitive tag of the base identity's session, as from EKS Pod Identity. Repeatable.
  --source-identity <id>   A source identity that authors may set; may contain * and ?. Repeatable.
  --partition <partition>  The partition if no ARN names it: aws (default), aws-cn or aws-us-gov.

Exit codes: 0 the document is printed; 1 a role, setting or value is invalid; 2 the command line is invalid.

Examples:
  npx aws-rolecall policy identity arn:aws:iam::123456789012:role/Inventory 'arn:aws:iam::444455556666:role/scan-*'
  npx aws-rolecall policy identity --variant own-permissions --action ec2:DescribeInstances --action ec2:DescribeRegions
  npx aws-rolecall policy trust --config instance.json --principal arn:aws:iam::111122223333:role/integration-host
  npx aws-rolecall policy ec2-trust --principal arn:aws-cn:iam::111122223333:role/integration-host --format terraform
`,
  async run(args, { stdout, stderr }) {
    const { values, positionals } = parseCommandLine({ args, options: OPTIONS, allowPositionals: true });
    const [name = "", ...roles] = positionals;
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
    if (!kind) throw new UsageError("rolecall policy takes one document type: identity, trust or ec2-trust.");
    const foreign = Object.keys(values).find(
      (option) => option !== "format" && !kind.options.includes(option as OptionName),
    );
    if (foreign !== undefined) throw new UsageError(`rolecall policy ${name} does not take --${foreign}.`);

    const made = kind.make(values, roles, stderr);
    stdout.write(formatPolicy(made, values.format as PolicyFormat));
    for (const { message } of made.warnings) stderr.write(`warning: ${message}\n`);
    return 0;
  },
};

function identity(values: Values, roles: readonly string[], stderr: ReportOutput): SetupPolicy {
  return identityPolicy({
    ...readSource(values, stderr),
    ...(roles.length > 0 && { roles }),
    variant: (values.variant ?? "listed-roles") as IdentityPolicyVariant,
    actions: values.action,
    principal: onlyValue("principal", values.principal),
    partition: values.partition,
  });
}

function trust(values: Values, roles: readonly string[], stderr: ReportOutput): SetupPolicy {
  const { principal, config } = values;
  if (principal === undefined && config === undefined) {
    throw new UsageError("rolecall policy trust needs --principal <arn>, or --config with a sourceRole.");
  }
  if (roles.length > 1)
    throw new UsageError("rolecall policy trust takes one role, because each role has its own trust policy.");
  return trustPolicy({ ...readSource(values, stderr), principal, role: roles[0], externalId: values["external-id"] });
}

function ec2Trust({ principal, partition }: Values, roles: readonly string[]): SetupPolicy {
  if (roles.length > 0)
    throw new UsageError("rolecall policy ec2-trust takes no role. Name the machine's role with --principal.");
  return ec2TrustPolicy({ principal: onlyValue("principal", principal), partition });
}

function readSource(values: Values, stderr: ReportOutput) {
  return {
    instance: values.config === undefined ? undefined : readInstanceFile(values.config, stderr),
    authorTagKeys: values["author-tag"],
    inheritedTagKeys: values["inherited-tag"],
    sourceIdentities: values["source-identity"],
  };
}
