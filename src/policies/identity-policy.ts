import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import {
  conflict,
  invalid,
  invalidText,
  isGiven,
  readList,
  readSettings,
  readText,
  type TextRule,
} from "../request/validation.js";
import { DEFAULT_PARTITION, type NamedArn, readPartition } from "./partition.js";
import {
  oneOrList,
  type PolicyDocument,
  type PolicyStatement,
  type SetupPolicy,
  toDocument,
} from "./policy-document.js";
import { type PolicyWarning, warn, warnOfIdentityPolicySize } from "./policy-warnings.js";
import {
  assumeRoleActions,
  ROLES_AND_SETTINGS,
  type RolesAndSettings,
  readRolesAndSettings,
  rolesToAssume,
  type Setup,
} from "./roles-and-settings.js";

/**
 * What the machine's role may do:
 * - `listed-roles`: assume the roles of the list. In the machine's own account IAM takes a trust policy that names the
 *   machine's role for permission enough, whatever the list says;
 * - `any-role`: assume every role whose trust policy names it;
 * - `own-permissions`: act by itself, with `actions`, and assume no role.
 */
export type IdentityPolicyVariant = "listed-roles" | "any-role" | "own-permissions";

/** What {@link identityPolicy} takes. */
export interface IdentityPolicyOptions extends RolesAndSettings {
  variant: IdentityPolicyVariant;
  /** With `own-permissions`, and only with it: what commands do, such as `ec2:DescribeInstances` or `s3:Get*`. */
  actions?: readonly string[] | null | undefined;
  /** ARN of the machine's role. Terraform and CloudFormation need it, to attach the policy. */
  principal?: string | null | undefined;
  /** Default: that of the ARNs, else `aws`. */
  partition?: string | null | undefined;
}

const OPTIONS = [
  ...ROLES_AND_SETTINGS,
  "variant",
  "actions",
  "principal",
  "partition",
] as const satisfies readonly (keyof IdentityPolicyOptions)[];

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars */
const IAM_DOLLAR = `\${$}`;

const ACTION: TextRule = {
  pattern: /^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/,
  min: 1,
  max: 128,
  allowed: "an action such as ec2:DescribeInstances or s3:Get*",
};

/** What a variant comes to. */
interface Variant {
  statements: readonly PolicyStatement[];
  warnings: readonly PolicyWarning[];
}

interface Input {
  setup: Setup;
  actions: readonly string[] | undefined;
  partition: string;
}

const VARIANTS: Record<IdentityPolicyVariant, (input: Input) => Variant> = {
  "listed-roles": listedRoles,
  "any-role": anyRole,
  "own-permissions": ownPermissions,
};

/**
 * The policy of the machine's role, the one in its instance profile: which roles it may assume, or what it may do itself.
 * @throws RolecallError `INVALID_REQUEST` naming the option, or the setting of the instance, that is wrong
 */
export function identityPolicy(options: IdentityPolicyOptions): SetupPolicy {
  const settings = readSettings("options", options, OPTIONS);
  const variant = readVariant(settings.variant);
  const setup = readRolesAndSettings(settings);
  const role = readRoleArn("principal", settings.principal);
  const known = readPartition(settings.partition, listArns(setup, role));
  const actions = readActions(settings.actions);
  if (variant !== "listed-roles" && isGiven(settings.roles)) {
    throw conflict("roles", `are given with the variant ${variant}`, "Only listed-roles limits the machine to a list.");
  }
  if (variant === "own-permissions" && (setup.tagKeys.length > 0 || setup.sourceIdentities.length > 0)) {
    const message = "has tags or source identities, and with own-permissions the machine assumes no role";
    throw conflict("options", message, "Only a role's session carries them: leave them out.");
  }
  if (actions && variant !== "own-permissions") {
    throw conflict("actions", `is given with the variant ${variant}`, "Only own-permissions has actions of its own.");
  }
  const partition = known ?? DEFAULT_PARTITION;
  const { statements, warnings } = VARIANTS[variant]({ setup, actions, partition });
  const document = toDocument(statements);
  return {
    kind: "identity",
    document,
    roleArn: role?.arn,
    partition,
    warnings: [
      ...warnings,
      ...(known === undefined ? warnOfAssumedPartition(document) : []),
      ...warnOfIdentityPolicySize(document),
    ],
  };
}

function readVariant(value: unknown): IdentityPolicyVariant {
  if (typeof value === "string" && Object.hasOwn(VARIANTS, value)) return value as IdentityPolicyVariant;
  throw invalidText("variant", value, Object.keys(VARIANTS).join(", "));
}

function readActions(value: unknown): readonly string[] | undefined {
  const list = readList("actions", value, "actions");
  if (list?.length === 0) throw invalid("actions", list, "one action or more; leave it out for none");
  return list?.map((item, index) => {
    const action = readText(`actions[${index}]`, item, ACTION);
    if (action === undefined) throw invalid(`actions[${index}]`, item, ACTION.allowed);
    return action;
  });
}

function listArns(setup: Setup, principal: RoleArn | undefined): readonly NamedArn[] {
  return [
    ...(principal ? [{ field: "principal", arn: principal.arn }] : []),
    ...(rolesToAssume(setup) ?? []).map((arn) => ({ field: setup.field, arn })),
  ];
}

function anyRole({ setup }: Input): Variant {
  return {
    statements: [{ Effect: "Allow", Action: oneOrList(assumeRoleActions(setup)), Resource: "*" }],
    warnings: [
      warn(
        "any-role",
        'Resource "*": the machine may assume every role, in any account, whose trust policy names it. ' +
          "Prefer listed-roles, or set allowedRoles in the instance.",
      ),
    ],
  };
}

function listedRoles({ setup, partition }: Input): Variant {
  const roles = rolesToAssume(setup);
  if (!roles) {
    throw conflict(setup.field, "is missing", "List the roles, or use the variant any-role or own-permissions.");
  }
  if (roles.length === 0) {
    throw conflict(setup.field, "is empty and allows no role", "For a machine that assumes none, use own-permissions.");
  }
  const resources = [...new Set(roles.map((role) => toResource(role, partition)))];
  return {
    statements: [{ Effect: "Allow", Action: oneOrList(assumeRoleActions(setup)), Resource: resources }],
    warnings: resources.flatMap(warnOfWildcards),
  };
}

/**
 * `allowedRoles` and IAM read a pattern alike, but for two things: roles of other partitions are out of reach, and in IAM
 * a `$` may begin a policy variable, where in a role's path it is one character.
 */
function toResource(pattern: string, partition: string): string {
  const [arn, , ...rest] = pattern.split(":");
  return [arn, partition, ...rest].join(":").replaceAll("$", () => IAM_DOLLAR);
}

function warnOfWildcards(resource: string): PolicyWarning[] {
  const [, , , , account = "", role = ""] = resource.split(":");
  const anyAccount = `${resource} covers accounts that are not yours: a stranger can make a role of that name. Write account ids.`;
  const everyRole = `${resource} covers every role of the account, those of administrators too. Write a name or a path before the *.`;
  return [
    ...(/[*?]/.test(account) ? [warn("any-account", anyAccount)] : []),
    ...(/^role\/[*?]+$/.test(role) ? [warn("every-role", everyRole)] : []),
  ];
}

/** The denial holds where a trust policy of the same account names the machine's role, which IAM takes for permission. */
function ownPermissions({ setup, actions }: Input): Variant {
  if (rolesToAssume(setup)?.length) {
    throw conflict(
      setup.role ? "instance.roleArn" : setup.field,
      "names a role, and with own-permissions the machine assumes none",
      "Leave the roles out, or use the variant listed-roles.",
    );
  }
  if (!actions) {
    throw conflict("actions", "is missing", "Say what commands do, such as ec2:DescribeInstances; * for everything.");
  }
  if (actions.some((action) => /^sts:AssumeRole$/i.test(action))) {
    throw conflict(
      "actions",
      "has sts:AssumeRole, and with own-permissions the machine assumes no role",
      "Leave it out.",
    );
  }
  return {
    statements: [
      { Effect: "Allow", Action: oneOrList(actions), Resource: "*" },
      { Effect: "Deny", Action: "sts:AssumeRole", Resource: "*" },
    ],
    warnings: [
      ...actions.filter((action) => /^[*?]+$|:[*?]+$/.test(action)).map(warnOfEveryAction),
      warn("every-resource", 'Resource "*": the actions are allowed on every resource. Name resources where you can.'),
    ],
  };
}

function warnOfEveryAction(action: string): PolicyWarning {
  const what = action === "*" ? "every action of every service" : `every action of ${action.split(":")[0]}`;
  return warn("every-action", `Action "${action}": the machine may do ${what}. Name the actions that commands need.`);
}

function warnOfAssumedPartition({ Statement }: PolicyDocument): PolicyWarning[] {
  if (!Array.isArray(Statement[0]?.Resource)) return [];
  return [warn("partition-assumed", "No ARN names a partition, and aws is assumed. Set partition for another one.")];
}
