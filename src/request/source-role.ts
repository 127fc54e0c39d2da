import { type AllowedRoleEntry, matchesArn, toIamResource } from "./allowed-roles.js";
import { canonicalJson } from "./canonical.js";
import type { Assumption } from "./chain.js";
import { COMMAND_SETTINGS } from "./command-overrides.js";
import { MAX_POLICY_CHARACTERS, ROLE_SESSION_DURATION, readExternalId, readSourceIdentity } from "./limits.js";
import type { RoleArn } from "./role-arn.js";
import { escapeNonLatin } from "./session-policy.js";
import {
  checkTransitiveTagKeys,
  mergeTags,
  readTags,
  readTransitiveTagKeys,
  type SessionTags,
} from "./session-tags.js";
import { type Chosen, createSettingsReader, type SettingsTable } from "./settings-table.js";
import { conflict, isGiven, pathOf } from "./validation.js";

/** The settings of a source role's own session. The settings of commands and their roles do not apply to it. */
export interface SourceRoleSettings {
  roleArn: string;
  /** The external id that the source role requires. The external ids of other roles do not apply to it. */
  externalId?: string | null | undefined;
  /** 2 to 64 characters of `[\w+=,.@-]`. Default `rolecall-<hostname>`. */
  roleSessionName?: string | null | undefined;
  /** In seconds: 900 to 43200, a number or a string of digits. Default 3600. */
  roleSessionDuration?: number | string | null | undefined;
  /** Session tags. The sessions of commands cannot set a tag that is transitive here. */
  tags?: SessionTags | null | undefined;
  /** Keys of tags that the sessions of commands inherit. */
  transitiveTagKeys?: readonly string[] | null | undefined;
  /** The sessions of commands inherit it, and cannot have a different one. */
  sourceIdentity?: string | null | undefined;
}

const { roleArn, roleSessionName, roleSessionDuration } = COMMAND_SETTINGS;
const SOURCE_ROLE_SETTINGS = {
  roleArn,
  externalId: readExternalId,
  roleSessionName,
  roleSessionDuration,
  tags: readTags,
  transitiveTagKeys: readTransitiveTagKeys,
  sourceIdentity: readSourceIdentity,
} satisfies SettingsTable<keyof SourceRoleSettings>;

const readSettings = createSettingsReader(SOURCE_ROLE_SETTINGS);

/** @param value a role ARN, or {@link SourceRoleSettings} */
export function readSourceRole(field: string, value: unknown): Omit<Assumption, "policy" | "policyArns"> | undefined {
  if (!isGiven(value)) return undefined;
  const isArn = typeof value === "string";
  const settings = readSettings(field, isArn ? undefined : value);
  const role = isArn ? roleArn(field, value) : settings.roleArn;
  if (!role) throw conflict(`${field}.roleArn`, "is missing", "Set the ARN of the role that assumes the others.");
  const tags = mergeTags(`${field}.tags`, settings.tags, undefined);
  return {
    role,
    roleSessionName: settings.roleSessionName,
    durationSeconds: settings.roleSessionDuration ?? ROLE_SESSION_DURATION.default,
    tags,
    transitiveTagKeys: checkTransitiveTagKeys(`${field}.transitiveTagKeys`, settings.transitiveTagKeys, tags),
    sourceIdentity: settings.sourceIdentity,
    externalId: settings.externalId,
  };
}

export type SourceRole = NonNullable<ReturnType<typeof readSourceRole>>;

/** Limits the source role's session to assuming roles: the allowed ones if they fit in a policy, otherwise any. */
export function limitSourceRole(sourceRole: SourceRole, allowed: readonly AllowedRoleEntry[] | undefined): Assumption {
  const { partition } = sourceRole.role;
  const listed = allowed && toPolicy(toResources(allowed, partition));
  const policy = listed !== undefined && listed.length <= MAX_POLICY_CHARACTERS ? listed : ASSUME_ANY_ROLE;
  return { ...sourceRole, policy, policyArns: undefined };
}

function toResources(allowed: readonly AllowedRoleEntry[], partition: string): readonly string[] {
  const patterns = allowed.map(({ pattern }) => pattern);
  const reachable = patterns.filter((pattern) => matchesArn(pattern.split(":", 2).join(":"), `arn:${partition}`));
  return [...new Set(reachable.map((pattern) => toIamResource(pattern, partition)))].sort();
}

/** The session policy of a source role if `allowedRoles` is not set, or is too long for a policy. */
export const ASSUME_ANY_ROLE = toPolicy("*");

function toPolicy(Resource: string | readonly string[]): string {
  const Action = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
  return escapeNonLatin(canonicalJson({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource }] }));
}

/** Labels that a command's session could also inherit from the source role. */
interface Labels {
  /** The tags, by the setting that they come from. */
  readonly tags: Readonly<Record<string, SessionTags | undefined>>;
  readonly sourceIdentity: Chosen<string> | undefined;
}

/** The role that a command assumes through the source role. */
interface RoleBehind extends Labels {
  readonly role: Chosen<RoleArn> | undefined;
  readonly durationSeconds: Chosen<number>;
}

/**
 * Refuses what AWS does not allow in role chaining, and commands that would act as the source role.
 * @throws RolecallError `INVALID_REQUEST`
 */
export function assertMayBeBehind(sourceRole: SourceRole, behind: RoleBehind): void {
  const { role, durationSeconds } = behind;
  const hub = sourceRole.role;
  if (!role) {
    const hint = "Set roleArn in the instance or the command: the source role only assumes other roles.";
    throw conflict("instance.sourceRole", "is set without a role to assume from it", hint);
  }
  if (role.value.arn === hub.arn) {
    const hint = "Name another role: the source role only assumes other roles, and commands cannot act as it.";
    throw conflict(role.from, "is the instance's sourceRole", hint, hub.arn);
  }
  if (role.value.partition !== hub.partition) {
    const message = `is in partition ${hub.partition}, but the role is in partition ${role.value.partition}`;
    throw conflict("instance.sourceRole", message, "Use roles of one partition.", role.value.arn);
  }
  if (durationSeconds.value > ROLE_SESSION_DURATION.chained) {
    const message = `is ${durationSeconds.value}, but role chaining limits a session to one hour`;
    const hint = `Set at most ${ROLE_SESSION_DURATION.chained}, or leave out instance.sourceRole.`;
    throw conflict(durationSeconds.from, message, hint, role.value.arn);
  }
  assertNotInherited(sourceRole, behind, role.value);
}

/**
 * Refuses labels that sessions already inherit from the source role. AWS does not allow setting them again.
 * @throws RolecallError `INVALID_REQUEST`
 */
export function assertNotInherited(
  { transitiveTagKeys, sourceIdentity: inherited }: SourceRole,
  { tags, sourceIdentity }: Labels,
  role?: RoleArn,
): void {
  const inheritedKeys = new Set(transitiveTagKeys.map((key) => key.toLowerCase()));
  for (const [owner, set] of Object.entries(tags)) {
    for (const key of Object.keys(set ?? {})) {
      if (!inheritedKeys.has(key.toLowerCase())) continue;
      const hint = "Leave it out: sessions inherit it from the source role, and AWS does not allow setting it again.";
      throw conflict(pathOf(owner, key), "is a transitive tag of instance.sourceRole", hint, role?.arn);
    }
  }
  if (sourceIdentity && inherited && sourceIdentity.value !== inherited) {
    const hint = "Leave it out: sessions inherit it from the source role, and AWS does not allow changing it.";
    throw conflict(sourceIdentity.from, "differs from the source identity of instance.sourceRole", hint, role?.arn);
  }
}

/** The tags that the sessions of commands inherit. */
export function inheritedTags({
  tags,
  transitiveTagKeys,
}: Pick<Assumption, "tags" | "transitiveTagKeys">): SessionTags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => transitiveTagKeys.includes(key)));
}
