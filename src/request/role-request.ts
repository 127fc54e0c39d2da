import { refuseUnlessAllowed } from "./allowed-roles.js";
import { type AuthorSession, readAuthorSession } from "./author-session.js";
import type { BaseIdentity } from "./base-identity.js";
import { publishedHash, stableDigest } from "./canonical.js";
import { type CommandOverrides, readCommand } from "./command-overrides.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "./integration-instance.js";
import type { Network } from "./network-settings.js";
import { type ChosenSettings, chooseRole, chooseSettings } from "./precedence.js";
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

/** A request, and how it came about. */
export interface DecidedRequest {
  readonly request: RoleRequest;
  readonly chosen: ChosenSettings;
  readonly instance: InstanceSettings;
}

/**
 * Reads, refuses, merges. Pure: no network, no clock; the same input gives an equal request.
 * @throws RolecallError `INVALID_REQUEST`, naming the field, or `ROLE_NOT_ALLOWED`
 */
export function decideRequest(
  given: IntegrationInstance,
  overrides: CommandOverrides | null | undefined,
  session: AuthorSession | null | undefined,
  env: Record<string, string | undefined>,
): DecidedRequest {
  const instance = readInstance(given);
  const author = readAuthorSession(session);
  const command = readCommand(overrides);
  const role = chooseRole(command, instance);
  const allowedBy = refuseUnlessAllowed(instance.allowedRoles, role?.value, role?.from);
  const chosen = chooseSettings(role, allowedBy, { author, command, instance }, env);
  return { request: toRequest(instance, chosen), chosen, instance };
}

/** The request alone. */
export function createRoleRequest(...input: Parameters<typeof decideRequest>): RoleRequest {
  return decideRequest(...input).request;
}

function toRequest(instance: InstanceSettings, chosen: ChosenSettings): RoleRequest {
  const role = chosen.role?.value;
  const { ceiling, region, stsRegion } = chosen;
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
  const base = instance.credentials;
  const digest = assumption ? stableDigest(sessionKeyParts(instance, assumption, chosen.trust)) : base.digest;
  return deepFreeze({
    key: assumption ? publishedHash(digest) : base.key,
    digest,
    base,
    assumption,
    region: region && { field: region.from, region: region.value },
    sts: {
      ...instance.sts,
      ...(stsRegion && { region: stsRegion.value }),
      partition: role?.partition,
      network: instance.network,
      trust: chosen.trust,
      plainHttp: instance.dangerouslyAllowPlainHttp,
    },
    network: instance.network,
    integration: instance.integration,
  });
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
  { credentials, sts, dangerouslyAllowPlainHttp: plainHttp }: InstanceSettings,
  { role, ...assumption }: Assumption,
  trust: string | undefined,
): Record<string, unknown> {
  return { base: credentials.keyPart, roleArn: role.arn, ...assumption, sts, trust, plainHttp };
}

/**
 * The region that a service client of this request calls, or `undefined` where only the metadata service can tell.
 * @throws RolecallError `INVALID_REQUEST` if it is known to lie outside the role's partition
 */
export function serviceRegion({ region, assumption }: RoleRequest): string | undefined {
  if (region) assertInPartition(region, assumption?.role);
  return region?.region;
}
