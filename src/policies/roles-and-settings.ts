import {
  type AllowedRole,
  type AllowedRoleEntry,
  readAllowedRoles,
  refuseUnlessAllowed,
} from "../request/allowed-roles.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { ROLE_SESSION_DURATION } from "../request/limits.js";
import { given } from "../request/precedence.js";
import type { RoleArn } from "../request/role-arn.js";
import { checkTransitiveTagKeys, mergeTags, readTags, type SessionTags } from "../request/session-tags.js";
import { assertMayBeBehind, assertNotInherited, inheritedTags, type SourceRole } from "../request/source-role.js";
import { conflict, invalid, isGiven, quoted, readList, readText, type TextRule } from "../request/validation.js";
import { type AccountsSetup, memberRoles, toAccountsSetup } from "./accounts-setup.js";

/** The roles that commands use, and the settings of their sessions. */
export interface RolesAndSettings {
  /** The roles, in the same form as an instance's `allowedRoles`. Set either this or `instance`. */
  roles?: readonly AllowedRole[] | null | undefined;
  /**
   * An instance configuration. The policy uses its `allowedRoles` (otherwise its `roleArn`), tags, source identity,
   * external id, `sourceRole` and `accounts`.
   */
  instance?: IntegrationInstance | null | undefined;
  /** Keys of session tags that authors may add to the instance's tags, with any value. Default: none. */
  authorTagKeys?: readonly string[] | null | undefined;
  /**
   * Keys of the transitive tags that the base identity's own session has, such as the six of EKS Pod Identity. All
   * sessions inherit them. Default: none.
   */
  inheritedTagKeys?: readonly string[] | null | undefined;
  /**
   * Source identities that authors may set; may contain IAM's `*` and `?`. Allowed only if the instance sets no source
   * identity. Default: none.
   */
  sourceIdentities?: readonly string[] | null | undefined;
}

export const ROLES_AND_SETTINGS = [
  "roles",
  "instance",
  "authorTagKeys",
  "inheritedTagKeys",
  "sourceIdentities",
] as const;

const SOURCE_IDENTITY_PATTERN: TextRule = {
  pattern: /^(?!aws:)[\w+=,.@*?-]*$/,
  min: 1,
  max: 64,
  allowed: "1 to 64 letters, digits and _+=,.@-, with * and ? as in IAM, not starting with aws:",
};

/** The AssumeRole calls of one caller: the roles that it assumes, and the settings. */
export interface Setup {
  /** Whether the settings come from an instance. */
  readonly hasInstance: boolean;
  /** The option that lists the roles, for errors. */
  readonly field: string;
  readonly role: RoleArn | undefined;
  readonly externalId: string | undefined;
  /** `undefined` if there is no list, so IAM alone decides. */
  readonly allowed: readonly AllowedRoleEntry[] | undefined;
  /** The accounts whose roles the caller assumes. */
  readonly accounts: AccountsSetup | undefined;
  /** Tags that every call sets. */
  readonly fixedTags: SessionTags;
  /** Tags and source identity that every session inherits from the source role. */
  readonly inherited: { readonly tags: SessionTags; readonly sourceIdentity: string | undefined };
  /** All the tag keys that a session may have. */
  readonly tagKeys: readonly string[];
  readonly transitiveTagKeys: readonly string[];
  /** The source identity that every call sets. */
  readonly fixedSourceIdentity: string | undefined;
  /** All the source identities that a call may set. */
  readonly sourceIdentities: readonly string[];
}

/** The calls for commands, and the call for the source role that comes before them, if the instance has one. */
export interface SetupChain {
  readonly commands: Setup;
  readonly sourceRole: (Setup & { readonly role: RoleArn }) | undefined;
}

export function readRolesAndSettings(options: Partial<Record<keyof RolesAndSettings, unknown>>): SetupChain {
  const { roles, instance } = options;
  if (isGiven(roles) && isGiven(instance)) {
    const hint = "List the roles in the allowedRoles of the instance.";
    throw conflict("roles", "cannot be combined with an instance", hint);
  }
  const settings = isGiven(instance) ? readInstance(instance) : undefined;
  if (settings?.roleArn) refuseUnlessAllowed(settings.allowedRoles, settings.roleArn);
  const sourceRole = settings?.sourceRole;
  const fixedTags = settings?.tags ?? {};
  const tagKeys = readTagKeys("authorTagKeys", options.authorTagKeys, fixedTags);
  const fixedSourceIdentity = settings?.sourceIdentity;
  const inherited = {
    tags: sourceRole ? inheritedTags(sourceRole) : {},
    sourceIdentity: sourceRole?.sourceIdentity,
  };
  if (sourceRole) {
    assertFitsSourceRole(sourceRole, settings, { "instance.tags": fixedTags, authorTagKeys: toTags(tagKeys) });
  }
  const baseKeys = readInheritedTagKeys(options.inheritedTagKeys, [...tagKeys, ...Object.keys(sourceRole?.tags ?? {})]);
  const inheritedKeys = [...Object.keys(inherited.tags), ...baseKeys];
  const commands: Setup = {
    hasInstance: settings !== undefined,
    field: settings ? "instance.allowedRoles" : "roles",
    role: settings?.roleArn,
    externalId: settings?.externalId,
    allowed: settings ? settings.allowedRoles : readAllowedRoles("roles", roles),
    accounts: toAccountsSetup(settings),
    fixedTags,
    inherited,
    tagKeys: [...tagKeys, ...inheritedKeys],
    transitiveTagKeys: [
      ...checkTransitiveTagKeys("instance.transitiveTagKeys", settings?.transitiveTagKeys ?? [], toTags(tagKeys)),
      ...inheritedKeys,
    ],
    fixedSourceIdentity,
    sourceIdentities: readSourceIdentities(fixedSourceIdentity, inherited.sourceIdentity, options.sourceIdentities),
  };
  return { commands, sourceRole: sourceRole && toSetup(sourceRole, baseKeys) };
}

/** Rejects an instance whose commands would all be rejected, and tags that authors cannot set. */
function assertFitsSourceRole(
  sourceRole: SourceRole,
  { roleArn, roleSessionDuration, sourceIdentity: fixed }: InstanceSettings,
  tags: Readonly<Record<string, SessionTags>>,
): void {
  const sourceIdentity = given("instance.sourceIdentity", fixed);
  const role = given("instance.roleArn", roleArn);
  const value = roleSessionDuration ?? ROLE_SESSION_DURATION.default;
  const durationSeconds = { value, from: "instance.roleSessionDuration" };
  if (role) assertMayBeBehind(sourceRole, { role, durationSeconds, tags, sourceIdentity });
  else assertNotInherited(sourceRole, { tags, sourceIdentity });
}

function toSetup(
  { role, externalId, tags, transitiveTagKeys, sourceIdentity }: SourceRole,
  inheritedKeys: readonly string[],
) {
  return {
    hasInstance: true,
    field: "instance.sourceRole",
    role,
    externalId,
    allowed: undefined,
    accounts: undefined,
    fixedTags: tags,
    inherited: { tags: {}, sourceIdentity: undefined },
    tagKeys: [...Object.keys(tags), ...inheritedKeys],
    transitiveTagKeys: [...transitiveTagKeys, ...inheritedKeys],
    fixedSourceIdentity: sourceIdentity,
    sourceIdentities: sourceIdentity === undefined ? [] : [sourceIdentity],
  };
}

/**
 * The ARNs and patterns of the roles to assume: the list of roles, otherwise the instance's role and the roles in its
 * accounts. Always includes the role that lists the accounts, which is never in the list of roles. `undefined` if
 * nothing is set.
 */
export function rolesToAssume(
  { allowed, role, accounts }: Setup,
  rolesIn: (accounts: AccountsSetup) => readonly string[] = memberRoles,
): readonly string[] | undefined {
  if (!allowed && !role && !accounts) return undefined;
  const reader = accounts?.settings.organization?.roleArn;
  return [
    ...(allowed?.map(({ pattern }) => pattern) ?? [
      ...(role ? [role.arn] : []),
      ...(accounts ? rolesIn(accounts) : []),
    ]),
    ...(reader ? [reader.arn] : []),
  ];
}

/** Reads tag keys, and adds them to the keys of `fixed`. */
function readTagKeys(field: string, value: unknown, fixed: SessionTags): readonly string[] {
  const keys = (readList(field, value, "tag keys") ?? []).map((key, index) => {
    if (typeof key !== "string") throw invalid(`${field}[${index}]`, key, "a tag key");
    return key;
  });
  return Object.keys(mergeTags(field, fixed, readTags(field, toTags(keys))));
}

/** AWS rejects a call that sets an inherited tag again. @param set the keys that a call for a session may set */
function readInheritedTagKeys(value: unknown, set: readonly string[]): readonly string[] {
  const field = "inheritedTagKeys";
  const keys = readTagKeys(field, value, {});
  const isSet = (key: string) => set.some((other) => other.toLowerCase() === key.toLowerCase());
  const repeated = keys.find(isSet);
  if (repeated === undefined) return keys;
  const hint = "Remove it there. AWS rejects a call that sets a tag that the session inherits.";
  throw conflict(field, `includes ${quoted(repeated)}, which the instance, its source role or an author sets`, hint);
}

function toTags(keys: readonly string[]): SessionTags {
  return Object.fromEntries(keys.map((key) => [key, ""]));
}

function readSourceIdentities(
  fixed: string | undefined,
  inherited: string | undefined,
  value: unknown,
): readonly string[] {
  const list = readTextList("sourceIdentities", value, "source identities", SOURCE_IDENTITY_PATTERN) ?? [];
  if ((fixed ?? inherited) !== undefined && list.length > 0) {
    throw conflict(
      "sourceIdentities",
      `cannot be combined with instance.${fixed === undefined ? "sourceRole." : ""}sourceIdentity`,
      "Remove it. Authors cannot change the instance's source identity.",
    );
  }
  return fixed === undefined ? [...new Set(list)] : [fixed];
}

/** Reads a list of strings that follow a rule. */
export function readTextList(field: string, value: unknown, of: string, rule: TextRule): readonly string[] | undefined {
  return readList(field, value, of)?.map((item, index) => {
    const text = readText(`${field}[${index}]`, item, rule);
    if (text === undefined) throw invalid(`${field}[${index}]`, item, rule.allowed);
    return text;
  });
}
