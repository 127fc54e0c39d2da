import { type AllowedRoleEntry, assertAllowed } from "./allowed-roles.js";
import type { readAuthorSession } from "./author-session.js";
import type { readCommand } from "./command-overrides.js";
import type { InstanceSettings } from "./integration-instance.js";
import { ROLE_SESSION_DURATION } from "./limits.js";
import { envTrust } from "./network-settings.js";
import { assertInPartition, mayBeInPartition, readRegion } from "./regions.js";
import type { RoleArn } from "./role-arn.js";
import type { PermissionCeiling } from "./session-policy.js";
import { mergeTags, readTransitiveTagKeys, type SessionTags } from "./session-tags.js";
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

/**
 * Decides whose setting counts.
 * @throws RolecallError `INVALID_REQUEST`, naming the field, or `ROLE_NOT_ALLOWED`
 */
export function chooseSettings(
  author: Author,
  command: ReturnType<typeof readCommand>,
  fixed: InstanceSettings,
  env: Record<string, string | undefined>,
): ChosenSettings {
  const role = commandFirst("roleArn", command.role, fixed.role);
  const allowedBy = fixed.allowedRoles && assertAllowed(fixed.allowedRoles, role?.value, role?.from);
  const ceiling = mergeCeilings(fixed.ceiling, author.ceiling);
  const tags = mergeTags("options.session.tags", fixed.tags, author.tags);
  const sourceIdentity = mergeSourceIdentity(fixed.sourceIdentity, author.sourceIdentity);
  const transitiveTagKeys = readTransitiveTagKeys("instance.transitiveTagKeys", fixed.transitiveTagKeys, tags);
  if (!role) assertNothingToEnforce(fixed, author);
  const environment = envRegion(env);
  const administered = [
    given("instance.region", fixed.region),
    given(environment.name, readRegion(environment.name, environment.region)),
  ];
  return {
    role,
    allowedBy,
    roleSessionName: commandFirst("roleSessionName", command.roleSessionName, fixed.roleSessionName),
    durationSeconds: commandFirst("roleSessionDuration", command.roleSessionDuration, fixed.roleSessionDuration) ?? {
      value: ROLE_SESSION_DURATION.default,
      from: "default",
    },
    ceiling,
    tags,
    transitiveTagKeys,
    sourceIdentity,
    externalId: given("instance.allowedRoles", allowedBy?.externalId) ?? given("instance.externalId", fixed.externalId),
    region: given("command.region", command.region) ?? administered[0] ?? administered[1],
    stsRegion: chooseStsRegion(fixed, administered, role?.value),
    trust: fixed.network ? fixed.network.trust : envTrust(env),
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
  for (const [owner, { ceiling, tags, sourceIdentity, externalId }] of owners) {
    const settings = { ...ceiling, tags: tags && Object.keys(tags).length > 0, sourceIdentity, externalId };
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
