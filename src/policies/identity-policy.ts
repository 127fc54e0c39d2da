import { hasWildcard, toIamResource } from "../request/allowed-roles.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import { conflict, invalid, invalidText, isGiven, readSettings } from "../request/validation.js";
import { LIST_ACCOUNTS, memberPatterns, permissionsOfAccountsRole } from "./accounts-setup.js";
import { ACTION, isEveryAction, warnOfEveryAction } from "./actions.js";
import { DEFAULT_PARTITION, type NamedArn, readPartition } from "./partition.js";
import {
  countCharacters,
  oneOrList,
  type PolicyDocument,
  type PolicyStatement,
  type PolicyWarning,
  type SetupPolicy,
  toDocument,
  warn,
} from "./policy-document.js";
import {
  ROLES_AND_SETTINGS,
  type RolesAndSettings,
  readRolesAndSettings,
  readTextList,
  rolesToAssume,
  type Setup,
} from "./roles-and-settings.js";
import { describeExcess, MAX_MANAGED } from "./size-limits.js";

/**
 * What the machine's role, or the source role, may do:
 * - `listed-roles`: assume the listed roles. In its own account, it may also assume any role whose trust policy names
 *   it, because IAM then requires no other permission;
 * - `any-role`: assume every role whose trust policy names it;
 * - `own-permissions`: perform `actions` itself, and assume no role.
 */
export type IdentityPolicyVariant = "listed-roles" | "any-role" | "own-permissions";

/** Options of {@link identityPolicy}. */
export interface IdentityPolicyOptions extends RolesAndSettings {
  variant: IdentityPolicyVariant;
  /** The actions that commands need, such as `ec2:DescribeInstances` or `s3:Get*`. Only with `own-permissions`. */
  actions?: readonly string[] | null | undefined;
  /**
   * The ARN of the role that the policy is for: the machine's role, the instance's `sourceRole`, or a role of its `accounts`.
   * Required for Terraform and CloudFormation, which attach the policy to it. Default: the machine's role.
   */
  principal?: string | null | undefined;
  /** Default: the partition of the ARNs, or `aws`. */
  partition?: string | null | undefined;
}

interface Input {
  readonly setup: Setup;
  readonly actions: readonly string[] | undefined;
  /** `undefined` if nothing names one. */
  readonly partition: string | undefined;
}
interface VariantResult {
  readonly statements: readonly PolicyStatement[];
  readonly warnings: readonly PolicyWarning[];
}

const VARIANTS: Record<IdentityPolicyVariant, (input: Input) => VariantResult> = {
  "listed-roles": listedRoles,
  "any-role": anyRole,
  "own-permissions": ownPermissions,
};

/**
 * Creates the policy of the machine's role (the role of its instance profile): the roles that it may assume, or its own
 * permissions.
 *
 * With `sourceRole` in the instance, the machine's role may assume only the source role. For the policy of the source
 * role, which assumes the roles of commands, set `principal` to the source role.
 *
 * With `accounts`, the roles of commands are the roles in the accounts and the role that lists the accounts. For the
 * policy of one of these roles, set `principal` to it. This policy allows the calls that the library makes as that
 * role.
 *
 * @throws RolecallError `INVALID_REQUEST` naming the invalid option or instance setting
 */
export function identityPolicy(options: IdentityPolicyOptions): SetupPolicy {
  const settings = readSettings("options", options, [
    ...ROLES_AND_SETTINGS,
    "variant",
    "actions",
    "principal",
    "partition",
  ]);
  const variant = readVariant(settings.variant);
  const chain = readRolesAndSettings(settings);
  const role = readRoleArn("principal", settings.principal);
  const accountsPolicy = permissionsOfAccountsRole(chain.commands.accounts, role);
  if (accountsPolicy && variant !== "listed-roles") {
    throw conflict(
      "variant",
      "is for a role that assumes others, and principal is a role of instance.accounts",
      "Remove it.",
    );
  }
  const setup = chain.sourceRole && chain.sourceRole.role.arn !== role?.arn ? chain.sourceRole : chain.commands;
  const partition = readPartition(settings.partition, listArns(setup, role));
  const actions = readActions(settings.actions);
  if (variant !== "listed-roles" && isGiven(settings.roles)) {
    throw conflict("roles", `cannot be combined with the variant ${variant}`, "Remove roles, or use listed-roles.");
  }
  if (chain.sourceRole) assertFitsSourceRole(variant, setup === chain.sourceRole);
  if (variant === "own-permissions" && (setup.tagKeys.length > 0 || setup.sourceIdentities.length > 0)) {
    const message = "has tags or source identities, but with own-permissions the machine assumes no role";
    throw conflict("options", message, "Remove them. Only role sessions have them.");
  }
  if (variant !== "own-permissions" && actions) {
    const hint = "Remove actions, or use own-permissions.";
    throw conflict("actions", `cannot be combined with the variant ${variant}`, hint);
  }
  const made = accountsPolicy
    ? { statements: accountsPolicy.Statement, warnings: [] }
    : VARIANTS[variant]({ setup, actions, partition });
  const { warnings } = made;
  const isMachine = !accountsPolicy && (!chain.sourceRole || setup === chain.sourceRole);
  const organization = chain.commands.accounts?.settings.organization;
  const lists = isMachine && organization !== undefined && !organization.roleArn;
  const document = toDocument(lists ? [...made.statements, LIST_ACCOUNTS] : made.statements);
  return {
    kind: "identity",
    document,
    roleArn: role?.arn,
    partition: partition ?? DEFAULT_PARTITION,
    warnings: [...warnings, ...warnOfSize(document)],
  };
}

function assertFitsSourceRole(variant: IdentityPolicyVariant, isMachine: boolean): void {
  if (variant === "own-permissions") {
    const message =
      "is own-permissions, but with instance.sourceRole neither the machine nor the source role acts itself";
    throw conflict("variant", message, "Use listed-roles, or remove sourceRole.");
  }
  if (variant === "any-role" && isMachine) {
    const hint = "Use listed-roles, or set principal to the source role's ARN for the policy of the source role.";
    throw conflict("variant", "is any-role, but the machine assumes only instance.sourceRole", hint);
  }
}

function readVariant(value: unknown): IdentityPolicyVariant {
  if (typeof value === "string" && Object.hasOwn(VARIANTS, value)) return value as IdentityPolicyVariant;
  throw invalidText("variant", value, Object.keys(VARIANTS).join(", "));
}

function readActions(value: unknown): readonly string[] | undefined {
  const actions = readTextList("actions", value, "actions", ACTION);
  if (actions?.length === 0) throw invalid("actions", actions, "at least one action; to set none, remove the option");
  return actions;
}

function listArns(setup: Setup, principal: RoleArn | undefined): readonly NamedArn[] {
  return [
    ...(principal ? [{ field: "principal", arn: principal.arn }] : []),
    ...(rolesToAssume(setup) ?? []).map((arn) => ({ field: setup.field, arn })),
  ];
}

function anyRole({ setup }: Input): VariantResult {
  const message =
    'Resource "*" lets this role assume every role, in any account, whose trust policy names it. ' +
    "Prefer listed-roles, or set allowedRoles in the instance.";
  return { statements: [allowAssumeRole(setup, "*")], warnings: [warn("any-role", message)] };
}

function listedRoles({ setup, partition }: Input): VariantResult {
  const roles = rolesToAssume(setup);
  if (!roles) {
    throw conflict(setup.field, "is missing", "List the roles, or use the variant any-role or own-permissions.");
  }
  if (roles.length === 0) {
    throw conflict(setup.field, "is empty and allows no role", "If the machine assumes no role, use own-permissions.");
  }
  const toResources = (arns: readonly string[]) => [
    ...new Set(arns.map((arn) => toIamResource(arn, partition ?? DEFAULT_PARTITION))),
  ];
  const listed = toResources(roles);
  const isTooLarge = countCharacters(toDocument([allowAssumeRole(setup, listed)])) > MAX_MANAGED;
  const patterns = isTooLarge && setup.accounts ? toResources(rolesToAssume(setup, memberPatterns) ?? []) : listed;
  const resources = patterns.length < listed.length ? patterns : listed;
  const warnings = resources.flatMap(warnOfWildcards);
  if (resources !== listed) {
    const message =
      `The ARNs of ${setup.accounts?.settings.ids?.length} accounts do not fit into a managed policy, so the document has a ` +
      "pattern for each role name. The patterns match every account, so the trust policies of the roles decide which of " +
      "them can be assumed.";
    warnings.push(warn("accounts-by-pattern", message));
  }
  if (partition === undefined) {
    const message = "No ARN names a partition, so aws is assumed. To use another one, set partition.";
    warnings.push(warn("partition-assumed", message));
  }
  return { statements: [allowAssumeRole(setup, resources)], warnings };
}

/**
 * Tags and source identities need separate actions, even if they are inherited. The trust policy must allow them too.
 */
function allowAssumeRole(setup: Setup, Resource: string | readonly string[]): PolicyStatement {
  const { tagKeys, sourceIdentities, inherited } = setup;
  const actions = ["sts:AssumeRole"];
  if (tagKeys.length > 0) actions.push("sts:TagSession");
  if (sourceIdentities.length > 0 || inherited.sourceIdentity !== undefined) actions.push("sts:SetSourceIdentity");
  return { Effect: "Allow", Action: oneOrList(actions), Resource };
}

function warnOfWildcards(resource: string): PolicyWarning[] {
  const [, , , , account = "", role = ""] = resource.split(":");
  const anyAccount = `${resource} includes accounts that are not yours, where anyone can create a role with a matching name. List account ids.`;
  const everyRole = `${resource} includes every role in the account, even administrator roles. Put a name or path before the *.`;
  return [
    ...(hasWildcard(account) ? [warn("any-account", anyAccount)] : []),
    ...(/^role\/[*?]+$/.test(role) ? [warn("every-role", everyRole)] : []),
  ];
}

/** The Deny statement covers roles in the same account whose trust policy alone would allow the machine's role. */
function ownPermissions({ setup, actions }: Input): VariantResult {
  if (rolesToAssume(setup)?.length) {
    throw conflict(
      setup.role ? "instance.roleArn" : setup.field,
      "names a role, but with own-permissions the machine assumes none",
      "Remove the roles, or use the variant listed-roles.",
    );
  }
  if (!actions) {
    const hint = "List the actions that commands need, such as ec2:DescribeInstances; use * for all.";
    throw conflict("actions", "is missing", hint);
  }
  if (actions.some((action) => /^sts:AssumeRole$/i.test(action))) {
    throw conflict("actions", "has sts:AssumeRole, but with own-permissions the machine assumes no role", "Remove it.");
  }
  return {
    statements: [
      { Effect: "Allow", Action: oneOrList(actions), Resource: "*" },
      { Effect: "Deny", Action: "sts:AssumeRole", Resource: "*" },
    ],
    warnings: [
      ...actions.filter(isEveryAction).map((action) => warnOfEveryAction(action)),
      warn(
        "every-resource",
        'Resource "*" allows the actions on every resource. List specific resources where you can.',
      ),
    ],
  };
}

function warnOfSize(document: PolicyDocument): PolicyWarning[] {
  const excess = describeExcess(document);
  if (excess === undefined) return [];
  const advice = "Use patterns such as role/integration-*, or split the list into several documents.";
  return [warn("too-large", `${excess} ${advice}`)];
}
