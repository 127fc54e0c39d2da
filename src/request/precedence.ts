import type { AllowedRoleEntry } from "./allowed-roles.js";
import type { readAuthorSession } from "./author-session.js";
import type { readCommand } from "./command-overrides.js";
import type { InstanceSettings } from "./integration-instance.js";
import { ROLE_SESSION_DURATION } from "./limits.js";
import { envTrust } from "./network-settings.js";
import { assertInPartition, mayBeInPartition, readRegion } from "./regions.js";
import type { RoleArn } from "./role-arn.js";
import { type PermissionCeiling, toPermissionCeiling } from "./session-policy.js";
import { checkTransitiveTagKeys, mergeTags, type SessionTags } from "./session-tags.js";
import { readStsHostRegion } from "./sts-endpoint-region.js";
import { conflict, variableIn } from "./validation.js";

/** A setting that somebody made. */
export interface Chosen<T> {
  readonly value: T;
  /** The path of the setting, such as `command.roleArn`; an environment variable's name; or `default`. */
  readonly from: string;
}

/** What instance, author and command make together; with where it comes from for what more than one of them may set. */
export interface ChosenSettings {
  readonly role: Chosen<RoleArn> | undefined;
  /** The entry of `allowedRoles` that allows the role; absent without a list. */
  readonly allowedBy: AllowedRoleEntry | undefined;
  readonly roleSessionName: Chosen<string> | undefined;
  readonly durationSeconds: Chosen<number>;
  readonly ceiling: PermissionCeiling | undefined;
  readonly tags: SessionTags;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity: string | undefined;
  readonly externalId: Chosen<string> | undefined;
  /** Of the service. */
  readonly region: Chosen<string> | undefined;
  /** Not the command's region: a role that is used in twenty regions is still one session. */
  readonly stsRegion: Chosen<string> | undefined;
  /** Who may pass for AWS beside those that everybody trusts. */
  readonly trust: string | undefined;
}

type Author = ReturnType<typeof readAuthorSession>;
type Command = ReturnType<typeof readCommand>;

/** The role that a command acts as: the command's, else the instance's. */
export function chooseRole(command: Command, instance: InstanceSettings): Chosen<RoleArn> | undefined {
  return commandFirst("roleArn", command.roleArn, instance.roleArn);
}

/**
 * Decides whose setting counts, for a role that may be assumed.
 * @param allowedBy the entry of `allowedRoles` that allows the role
 * @throws RolecallError `INVALID_REQUEST`, naming the field
 */
export function chooseSettings(
  role: Chosen<RoleArn> | undefined,
  allowedBy: AllowedRoleEntry | undefined,
  { author, command, instance }: { author: Author; command: Command; instance: InstanceSettings },
  env: Record<string, string | undefined>,
): ChosenSettings {
  const ceiling = mergeCeilings(toPermissionCeiling(instance), toPermissionCeiling(author));
  const tags = mergeTags("options.session.tags", instance.tags, author.tags);
  const sourceIdentity = mergeSourceIdentity(instance.sourceIdentity, author.sourceIdentity);
  const transitiveTagKeys = checkTransitiveTagKeys("instance.transitiveTagKeys", instance.transitiveTagKeys, tags);
  if (!role) assertNothingToEnforce(instance, author);
  const environment = envRegion(env);
  const administered = [
    given("instance.region", instance.region),
    given(environment.name, readRegion(environment.name, environment.region)),
  ];
  return {
    role,
    allowedBy,
    roleSessionName: commandFirst("roleSessionName", command.roleSessionName, instance.roleSessionName),
    durationSeconds: commandFirst("roleSessionDuration", command.roleSessionDuration, instance.roleSessionDuration) ?? {
      value: ROLE_SESSION_DURATION.default,
      from: "default",
    },
    ceiling,
    tags,
    transitiveTagKeys,
    sourceIdentity,
    externalId:
      given("instance.allowedRoles", allowedBy?.externalId) ?? given("instance.externalId", instance.externalId),
    region: given("command.region", command.region) ?? administered[0] ?? administered[1],
    stsRegion: chooseStsRegion(instance, administered, role?.value),
    trust: instance.network ? instance.network.trust : envTrust(env),
  };
}

function commandFirst<T>(setting: string, command: T | undefined, fixed: T | undefined): Chosen<T> | undefined {
  return given(`command.${setting}`, command) ?? given(`instance.${setting}`, fixed);
}

function given<T>(from: string, value: T | undefined): Chosen<T> | undefined {
  return value === undefined ? undefined : { value, from };
}

function chooseStsRegion(
  { sts }: InstanceSettings,
  administered: readonly (Chosen<string> | undefined)[],
  role: RoleArn | undefined,
): Chosen<string> | undefined {
  if (sts.region) {
    assertInPartition({ field: "instance.sts.region", region: sts.region }, role);
    return { value: sts.region, from: "instance.sts.region" };
  }
  const endpointRegion = sts.endpoint === undefined ? undefined : readStsHostRegion(new URL(sts.endpoint).hostname);
  if (endpointRegion !== undefined) {
    assertInPartition({ field: "instance.sts.endpoint", region: endpointRegion }, role);
    return { value: endpointRegion, from: "instance.sts.endpoint" };
  }
  return administered.find((region) => region && (!role || mayBeInPartition(region.value, role.partition)));
}

/** Session policies add up, so that two owners would widen what either of them set: one owner sets both. */
function mergeCeilings(
  fixed: PermissionCeiling | undefined,
  author: PermissionCeiling | undefined,
): PermissionCeiling | undefined {
  if (fixed && author) {
    throw conflict(
      `options.session.${author.policy === undefined ? "policyArns" : "policy"}`,
      "is set, and the instance sets policy or policyArns already",
      "Whoever sets either owns both: leave it out here or there.",
    );
  }
  return fixed ?? author;
}

function mergeSourceIdentity(fixed: string | undefined, author: string | undefined): string | undefined {
  if (fixed !== undefined && author !== undefined && fixed !== author) {
    throw conflict(
      "options.session.sourceIdentity",
      "differs from the instance's",
      "Leave it out: the instance's source identity is used.",
    );
  }
  return fixed ?? author;
}

/** Without a role nothing limits or labels the base identity, and a limit that cannot hold must not be passed over. */
function assertNothingToEnforce(fixed: InstanceSettings, author: Author): void {
  const owners = [
    ["instance", fixed],
    ["options.session", { ...author, externalId: undefined }],
  ] as const;
  for (const [owner, { policy, policyArns, tags, sourceIdentity, externalId }] of owners) {
    const hasTags = tags && Object.keys(tags).length > 0;
    const settings = { policy, policyArns, tags: hasTags, sourceIdentity, externalId };
    for (const [name, value] of Object.entries(settings)) {
      if (!value) continue;
      throw conflict(
        `${owner}.${name}`,
        "is set without a role",
        "Only an assumed role's session can honour it: set roleArn, or leave it out.",
      );
    }
  }
}

/** The environment's region as it stands there. An empty variable counts as not set. */
export function envRegion(env: Record<string, string | undefined>): { name: string; region: string | undefined } {
  const region = variableIn(env, "AWS_REGION");
  if (region) return { name: "AWS_REGION", region };
  return { name: "AWS_DEFAULT_REGION", region: variableIn(env, "AWS_DEFAULT_REGION") || undefined };
}
