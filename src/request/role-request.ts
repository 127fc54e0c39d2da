import { assertAllowed } from "./allowed-roles.js";
import { type AuthorSession, readAuthorSession } from "./author-session.js";
import type { BaseIdentity } from "./base-identity.js";
import { canonicalJson, keyOf } from "./canonical.js";
import { type CommandOverrides, readCommand } from "./command-overrides.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "./integration-instance.js";
import { ROLE_SESSION_DURATION } from "./limits.js";
import type { Network } from "./network-settings.js";
import { mayLieInPartition, readRegion } from "./regions.js";
import type { RoleArn } from "./role-arn.js";
import type { PermissionCeiling } from "./session-policy.js";
import { mergeTags, readTransitiveTagKeys, type SessionTags } from "./session-tags.js";
import type { StsSettings } from "./sts-settings.js";
import { conflict } from "./validation.js";

/** Instance, author and command, merged and validated: which identity, in which region. Immutable, and holds no secret. */
export interface RoleRequest {
  /** SHA-256 of everything that makes one session differ from another. */
  readonly key: string;
  readonly base: BaseIdentity;
  /** What to ask of STS, or `undefined` when the base identity itself acts. */
  readonly assumption: Assumption | undefined;
  /** What names the service's region, if anything does. Read it with {@link serviceRegion}. */
  readonly region: RegionSetting | undefined;
  readonly sts: StsTarget;
  /** How AWS is reached, or `undefined` for the SDK's own way. */
  readonly network: Network | undefined;
  readonly integration: string | undefined;
}

/** A request that a role acts for. */
export type RequestForRole = RoleRequest & { readonly assumption: Assumption };

export function isForRole(request: RoleRequest): request is RequestForRole {
  return request.assumption !== undefined;
}

/** One AssumeRole. */
export interface Assumption extends PermissionCeiling {
  readonly role: RoleArn;
  /** As given, or `undefined`: then a name is generated, which is no part of the key. */
  readonly roleSessionName: string | undefined;
  /** Seconds. */
  readonly durationSeconds: number;
  readonly tags: SessionTags;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity: string | undefined;
  readonly externalId: string | undefined;
}

interface RegionSetting {
  readonly field: string;
  readonly region: string;
}

/** The STS endpoint of a request, and the way to it. */
export interface StsTarget extends Readonly<StsSettings> {
  /** The partition that the region has to lie in, or `undefined` without a role. */
  readonly partition: string | undefined;
  readonly network: Network | undefined;
}

/**
 * Merges and validates. Pure: no network, no clock; the same input gives an equal request.
 * @throws RolecallError `INVALID_REQUEST`, naming the field, or `ROLE_NOT_ALLOWED`
 */
export function createRoleRequest(
  instance: IntegrationInstance,
  command: CommandOverrides | null | undefined,
  session: AuthorSession | null | undefined,
  env: Record<string, string | undefined>,
): RoleRequest {
  return mergeRequest(readInstance(instance), command, session, env);
}

/** The same for an instance that has been read. What equals a part of `similar` is that part: ten thousand roles share it. */
export function mergeRequest(
  fixed: InstanceSettings,
  command: CommandOverrides | null | undefined,
  session: AuthorSession | null | undefined,
  env: Record<string, string | undefined>,
  similar?: RoleRequest,
): RoleRequest {
  const author = readAuthorSession(session);
  const overrides = readCommand(command);
  const role = overrides.role ?? fixed.role;
  const allowed = fixed.allowedRoles && assertAllowed(fixed.allowedRoles, role);
  const ceiling = mergeCeilings(fixed.ceiling, author.ceiling);
  const tags = mergeTags("options.session.tags", fixed.tags, author.tags);
  const sourceIdentity = mergeSourceIdentity(fixed.sourceIdentity, author.sourceIdentity);
  const transitiveTagKeys = readTransitiveTagKeys("instance.transitiveTagKeys", fixed.transitiveTagKeys, tags);
  if (!role) assertNothingToEnforce(fixed, author);

  const assumption = role && {
    role,
    roleSessionName: overrides.roleSessionName ?? fixed.roleSessionName,
    durationSeconds: overrides.roleSessionDuration ?? fixed.roleSessionDuration ?? ROLE_SESSION_DURATION.default,
    policy: ceiling?.policy,
    policyArns: ceiling?.policyArns,
    tags,
    transitiveTagKeys,
    sourceIdentity,
    externalId: allowed?.externalId ?? fixed.externalId,
  };
  const administered = readRegions({ "instance.region": fixed.region, ...readEnvRegion(env) });
  return deepFreeze({
    key: assumption ? sessionKeyOf(fixed, assumption) : fixed.base.key,
    base: fixed.base,
    assumption,
    region: sameOrNew(similar?.region, readRegions({ "command.region": overrides.region })[0] ?? administered[0]),
    sts: sameOrNew(similar?.sts, toStsTarget(fixed, administered, role)),
    network: fixed.network,
    integration: fixed.integration,
  });
}

function sameOrNew<T extends object | undefined>(same: T | undefined, made: T): T {
  return same && made && canonicalJson(same) === canonicalJson(made) ? same : made;
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) deepFreeze(part);
  return Object.freeze(value);
}

/**
 * How STS is reached makes no other session, but who may pass for STS does: what was taken from anybody must not serve an
 * instance that looks at certificates.
 */
function sessionKeyOf(fixed: InstanceSettings, { role, ...assumption }: Assumption): string {
  const { keyPart: base } = fixed.base;
  return keyOf({ base, roleArn: role.arn, ...assumption, sts: fixed.sts, trust: fixed.network?.trust });
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
function assertNothingToEnforce(fixed: InstanceSettings, author: ReturnType<typeof readAuthorSession>): void {
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
  const { AWS_REGION } = env;
  if (AWS_REGION) return { name: "AWS_REGION", region: AWS_REGION };
  return { name: "AWS_DEFAULT_REGION", region: env.AWS_DEFAULT_REGION || undefined };
}

function readEnvRegion(env: Record<string, string | undefined>): Record<string, string | undefined> {
  const { name, region } = envRegion(env);
  return { [name]: readRegion(name, region) };
}

function readRegions(regions: Record<string, string | undefined>): RegionSetting[] {
  return Object.entries(regions).flatMap(([field, region]) => (region === undefined ? [] : [{ field, region }]));
}

/**
 * The region that a service client of this request calls, or `undefined` where only the metadata service can tell.
 * @throws RolecallError `INVALID_REQUEST` if it is known to lie outside the role's partition
 */
export function serviceRegion({ region, assumption }: RoleRequest): string | undefined {
  if (region) assertInPartition(region, assumption?.role);
  return region?.region;
}

export function assertInPartition({ field, region }: RegionSetting, role: RoleArn | undefined): void {
  if (!role || mayLieInPartition(region, role.partition)) return;
  throw conflict(
    field,
    `is ${region}, and the role lies in the partition ${role.partition}`,
    "Credentials hold within one partition: use a region of the role's partition.",
    role.arn,
  );
}

/** Not the command's region: a role that is used in twenty regions is still one session. */
function toStsTarget(
  { sts, network }: InstanceSettings,
  administered: readonly RegionSetting[],
  role: RoleArn | undefined,
): StsTarget {
  if (sts.region) assertInPartition({ field: "instance.sts.region", region: sts.region }, role);
  const usable = administered.find(({ region }) => !role || mayLieInPartition(region, role.partition));
  const region = sts.region ?? usable?.region;
  return { ...sts, ...(region && { region }), partition: role?.partition, network };
}
