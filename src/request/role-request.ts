import { type AuthorSession, readAuthorSession } from "./author-session.js";
import type { BaseIdentity } from "./base-identity.js";
import { canonicalJson, publishedHash, stableDigest } from "./canonical.js";
import { type CommandOverrides, readCommand } from "./command-overrides.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "./integration-instance.js";
import type { Network } from "./network-settings.js";
import { type ChosenSettings, chooseSettings } from "./precedence.js";
import { assertInPartition, type RegionSetting } from "./regions.js";
import type { RoleArn } from "./role-arn.js";
import type { PermissionCeiling } from "./session-policy.js";
import type { SessionTags } from "./session-tags.js";
import type { ParsedStsSettings } from "./sts-settings.js";

/** Instance, author and command, merged and validated: which identity, in which region. Immutable, and holds no secret. */
export interface RoleRequest {
  /** The key of its session in this process's caches and events. Another process has another key for the same session. */
  readonly key: string;
  /** SHA-256 of everything that makes one session differ from another: the same in all processes, and never published. */
  readonly digest: string;
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

/** The STS endpoint of a request, and the way to it. */
export interface StsTarget extends ParsedStsSettings {
  /** The partition that the region has to lie in, or `undefined` without a role. */
  readonly partition: string | undefined;
  readonly network: Network | undefined;
  /** Who may pass for STS beside those that everybody trusts: see {@link Network.trust}. */
  readonly trust: string | undefined;
  /** Whether STS may be asked over plain http on another machine. */
  readonly plainHttp: true | undefined;
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
  return toRequest(fixed, chooseSettings(readAuthorSession(session), readCommand(command), fixed, env), similar);
}

/** The request that the settings make together. */
export function toRequest(fixed: InstanceSettings, chosen: ChosenSettings, similar?: RoleRequest): RoleRequest {
  const role = chosen.role?.value;
  const { ceiling } = chosen;
  const assumption = role && {
    role,
    roleSessionName: chosen.roleSessionName?.value,
    durationSeconds: chosen.durationSeconds.value,
    policy: ceiling?.policy,
    policyArns: ceiling?.policyArns,
    tags: chosen.tags,
    transitiveTagKeys: chosen.transitiveTagKeys,
    sourceIdentity: chosen.sourceIdentity,
    externalId: chosen.externalId?.value,
  };
  const { region, stsRegion } = chosen;
  const digest = assumption ? stableDigest(sessionKeyParts(fixed, assumption, chosen.trust)) : fixed.base.digest;
  return deepFreeze({
    key: assumption ? publishedHash(digest) : fixed.base.key,
    digest,
    base: fixed.base,
    assumption,
    region: sameOrNew(similar?.region, region && { field: region.from, region: region.value }),
    sts: sameOrNew(similar?.sts, {
      ...fixed.sts,
      ...(stsRegion && { region: stsRegion.value }),
      partition: role?.partition,
      network: fixed.network,
      trust: chosen.trust,
      plainHttp: fixed.plainHttp,
    }),
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
 * What a session's digest is the hash of. It holds the external id. How STS is reached makes no other session, but who may
 * pass for STS does: what was taken from anybody, without a look at certificates or over plain http, must not serve an instance that allows neither.
 */
export function sessionKeyParts(
  fixed: InstanceSettings,
  { role, ...assumption }: Assumption,
  trust: string | undefined,
): Record<string, unknown> {
  const { keyPart: base } = fixed.base;
  return { base, roleArn: role.arn, ...assumption, sts: fixed.sts, trust, plainHttp: fixed.plainHttp };
}

/**
 * The region that a service client of this request calls, or `undefined` where only the metadata service can tell.
 * @throws RolecallError `INVALID_REQUEST` if it is known to lie outside the role's partition
 */
export function serviceRegion({ region, assumption }: RoleRequest): string | undefined {
  if (region) assertInPartition(region, assumption?.role);
  return region?.region;
}
