import { hasWildcard } from "../request/allowed-roles.js";
import { MAX_POLICY_CHARACTERS } from "../request/limits.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import { conflict, readSettings } from "../request/validation.js";
import { covers, isEveryAction, warnOfEveryAction } from "./actions.js";
import {
  type CommandNeeds,
  type CommandPermissions,
  type Grant,
  mergeGrants,
  readCommands,
  toPermissions,
} from "./command-permissions.js";
import { DEFAULT_PARTITION, readPartition } from "./partition.js";
import { countCharacters, type PolicyDocument, type PolicyWarning, type SetupPolicy, warn } from "./policy-document.js";
import { describeExcess, MAX_MANAGED, MAX_MANAGED_POLICIES } from "./size-limits.js";

/** Options of {@link rolePermissions}. */
export interface RolePermissionsOptions {
  /** The ARN of the role that commands act as. Required for Terraform and CloudFormation, which attach the policy to it. */
  role?: string | null | undefined;
}

/**
 * Creates the permission policy of the role that commands act as, from what each command needs. Permissions for the
 * same resources share a statement with sorted actions. The order of the commands does not matter.
 * @throws RolecallError `INVALID_REQUEST` naming the invalid command, permission or option, or if no command needs a
 * permission
 */
export function rolePermissions(commands: CommandPermissions, options: RolePermissionsOptions = {}): SetupPolicy {
  const settings = readSettings("options", options, ["role"]);
  const role = readRoleArn("role", settings.role);
  const { commands: needs, resources } = readCommands(commands);
  const partition = readPartition(undefined, [...listRole(role), ...resources]) ?? DEFAULT_PARTITION;
  const document = toPermissions(needs.flatMap(({ grants }) => grants));
  if (document.Statement.length === 0) {
    const hint = "Create the role without a permission policy. The role is then allowed nothing.";
    throw conflict("commands", "names no permission, so the role needs no policy", hint);
  }
  const sized = needs.map((command) => ({ ...command, size: sizeOf(command.grants) }));
  return {
    kind: "permissions",
    document,
    roleArn: role?.arn,
    partition,
    warnings: [...warnOfActions(needs), ...warnOfSize(document, sized), ...warnOfSessionPolicies(sized)],
  };
}

function listRole(role: RoleArn | undefined) {
  return role ? [{ field: "role", arn: role.arn }] : [];
}

/** An action, and the commands that need it. */
interface Use {
  readonly action: string;
  readonly commands: Set<string>;
  isOnEveryResource: boolean;
}

function listUses(needs: readonly CommandNeeds[]): readonly Use[] {
  const uses = new Map<string, Use>();
  for (const { name, grants } of needs) {
    for (const { actions, resources } of grants) {
      for (const action of actions) {
        const key = action.toLowerCase();
        const use = uses.get(key) ?? { action, commands: new Set(), isOnEveryResource: false };
        uses.set(key, use);
        use.commands.add(name);
        if (resources[0] === "*") use.isOnEveryResource = true;
      }
    }
  }
  return [...uses].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, use]) => use);
}

/**
 * Each `service:*` gets its own warning. All other wildcards share one warning, and so do all actions on every
 * resource. Neither includes actions that begin with Describe or List: they only read, and many of them do not support
 * resources.
 */
function warnOfActions(needs: readonly CommandNeeds[]): PolicyWarning[] {
  const uses = listUses(needs);
  const every = uses.filter(({ action }) => isEveryAction(action));
  const others = uses.filter(({ action }) => !isEveryAction(action) && !/:(Describe|List)/i.test(action));
  const assumeRole = uses.filter(({ action }) => action !== "*" && covers(action.toLowerCase(), "sts:assumerole"));
  return [
    ...every.map((use) => warnOfEveryAction(use.action, `Action ${show(use)}`)),
    ...warnOf(
      "wildcard-action",
      others.filter(({ action }) => hasWildcard(action)),
      (shown) =>
        `These wildcards allow more actions than their commands call, including those that AWS adds later: ${shown}. ` +
        "List the actions themselves.",
    ),
    ...warnOf(
      "every-resource",
      others.filter(({ isOnEveryResource }) => isOnEveryResource),
      (shown) =>
        `These actions are allowed on every resource: ${shown}. For each, look up its resource types in the Service ` +
        "Authorization Reference. If it has any, write it as { actions, resources } with ARNs.",
    ),
    ...warnOf(
      "assume-role",
      assumeRole,
      (shown) =>
        `The role may assume other roles: ${shown}. The library assumes the role itself before a command runs, with the ` +
        "permissions of the machine's role, so commands rarely need this. Remove it, unless the command's own code " +
        "assumes a role.",
    ),
  ];
}

function warnOf(
  code: PolicyWarning["code"],
  uses: readonly Use[],
  toMessage: (shown: string) => string,
): PolicyWarning[] {
  return uses.length === 0 ? [] : [warn(code, toMessage(list(uses.map(show))))];
}

function show({ action, commands }: Use): string {
  return `"${action}" (${list([...commands], 3)})`;
}

function list(items: readonly string[], shown = 10): string {
  const rest = items.length - shown;
  return `${items.slice(0, shown).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** A command, and the size of a policy for this command only. */
interface SizedCommand extends CommandNeeds {
  readonly size: number;
}

function warnOfSize(document: PolicyDocument, needs: readonly SizedCommand[]): PolicyWarning[] {
  const excess = describeExcess(document);
  if (excess === undefined) return [];
  const tooLarge = needs.filter(({ size }) => size > MAX_MANAGED);
  if (tooLarge.length > 0) {
    const message =
      `${excess} Even alone, these commands do not fit into a managed policy: ${list(tooLarge.map(withSize))}. Use ` +
      "wildcards for their actions, or patterns for their resources.";
    return [warn("too-large", message)];
  }
  const split = splitCommands(needs);
  const policies = split.map((names, index) => `${index + 1}. ${names.join(", ")}`).join("; ");
  const quota =
    split.length > MAX_MANAGED_POLICIES
      ? ` A role may have ${MAX_MANAGED_POLICIES} by default, so request a higher quota, or use wildcards.`
      : "";
  const message = `${excess} To use managed policies, create ${split.length}, each for these commands alone: ${policies}.${quota}`;
  return [{ ...warn("too-large", message), split }];
}

function sizeOf(grants: readonly Grant[]): number {
  return countCharacters(toPermissions(grants));
}

/**
 * Fills one managed policy after the other, so that neighboring commands stay together. Each command must fit into a
 * policy by itself.
 */
function splitCommands(needs: readonly CommandNeeds[]): readonly (readonly string[])[] {
  const policies: string[][] = [];
  let filled: readonly Grant[] = [];
  for (const { name, grants } of needs) {
    if (grants.length === 0) continue;
    const both = mergeGrants([...filled, ...grants]);
    const last = sizeOf(both) <= MAX_MANAGED ? policies.at(-1) : undefined;
    filled = last ? both : grants;
    if (last) last.push(name);
    else policies.push([name]);
  }
  return policies;
}

function withSize({ name, size }: SizedCommand): string {
  return `${name} (${size} characters)`;
}

function warnOfSessionPolicies(needs: readonly SizedCommand[]): PolicyWarning[] {
  const large = needs.filter(({ size }) => size > MAX_POLICY_CHARACTERS);
  if (large.length === 0) return [];
  const message =
    `A session policy may have ${MAX_POLICY_CHARACTERS} characters, so commandPolicy refuses these commands: ` +
    `${list(large.map(withSize))}. To narrow them, create managed policies and set their ARNs in session.policyArns.`;
  return [warn("too-large", message)];
}
