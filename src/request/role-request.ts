import { refuseUnlessAllowed } from "./allowed-roles.js";
import { type AuthorSession, readAuthorSession } from "./author-session.js";
import type { BaseIdentity } from "./base-identity.js";
import { publishedHash, stableDigest } from "./canonical.js";
import { chooseBaseIdentity } from "./choose-base-identity.js";
import { type CommandOverrides, readCommand } from "./command-overrides.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "./integration-instance.js";
import type { Network } from "./network-settings.js";
import { Platform } from "./platform.js";
import { type ChosenSettings, chooseRole, chooseSettings, type SessionLimits } from "./precedence.js";
import { assertInPartition } from "./regions.js";
import type { RoleArn } from "./role-arn.js";
import type { Chosen } from "./settings-table.js";
import type { ParsedStsSettings } from "./sts-settings.js";

/** Instance, author and command, merged and validated: which identity, in which region. Immutable, and contains no secret. */
export interface RoleRequest {
  /** Identifies its session in this process's caches and events. Other processes use another key for the same session. */
  readonly key: string;
  /** Hash of everything that distinguishes sessions: the same in all processes, and never published. */
  readonly digest: string;
  readonly base: BaseIdentity;
  /** `undefined` when the base identity itself acts. */
  readonly assumption: Assumption | undefined;
  /** The configured region of the service. Read it with {@link serviceRegion}. */
  readonly region: Chosen<string> | undefined;
  readonly sts: StsTarget;
  /** `undefined` for the SDK's defaults. */
  readonly network: Network | undefined;
  readonly integration: string | undefined;
}

/** A request for a session of a role. */
export type RequestForRole = RoleRequest & { readonly assumption: Assumption };

export function isForRole(request: RoleRequest): request is RequestForRole {
  return request.assumption !== undefined;
}

/** One AssumeRole call. */
export interface Assumption extends SessionLimits {
  readonly role: RoleArn;
  /** `undefined` for a generated name, which is not part of the key. */
  readonly roleSessionName: string | undefined;
  /** Seconds. */
  readonly durationSeconds: number;
  readonly externalId: string | undefined;
}

/** The STS endpoint of a request, and how to reach it. */
export interface StsTarget extends ParsedStsSettings {
  /** The partition that the region must be in, or `undefined` without a role. */
  readonly partition: string | undefined;
  readonly network: Network | undefined;
  /** See {@link Network.trust}. */
  readonly trust: string | undefined;
  /** Whether STS may be called over plain http on another machine. */
  readonly plainHttp: true | undefined;
}

/** A request, and how it was decided. */
export interface DecidedRequest {
  readonly request: RoleRequest;
  readonly chosen: ChosenSettings;
  /** What the digest is the hash of. It contains the external id, so never show it as a whole. */
  readonly keyParts: Readonly<Record<string, unknown>>;
}

/**
 * Pure: no network, no clock; the same input gives an equal request.
 * @param platform what `env` said when the resolver was made
 * @throws RolecallError `INVALID_REQUEST`, naming the field, or `ROLE_NOT_ALLOWED`
 */
export function decideRequest(
  given: IntegrationInstance,
  overrides: CommandOverrides | null | undefined,
  session: AuthorSession | null | undefined,
  env: Record<string, string | undefined>,
  platform = new Platform(env),
): DecidedRequest {
  const instance = readInstance(given);
  const author = readAuthorSession(session);
  const command = readCommand(overrides);
  const role = chooseRole(command, instance);
  const allowedBy = refuseUnlessAllowed(instance.allowedRoles, role?.value, role?.from);
  const chosen = chooseSettings(role, allowedBy, { author, command, instance }, env);
  const { network, integration, dangerouslyAllowPlainHttp: plainHttp } = instance;
  const { limits, region, stsRegion, trust } = chosen;
  const base = chooseBaseIdentity(instance.credentials, {
    env,
    platform,
    issuer: { endpoint: instance.sts.endpoint, trust, plainHttp },
  });
  const assumption = role && {
    role: role.value,
    roleSessionName: chosen.roleSessionName?.value,
    durationSeconds: chosen.durationSeconds.value,
    ...limits,
    externalId: chosen.externalId?.value,
  };
  const keyParts = assumption ? sessionKeyParts(base, instance, assumption, trust) : { base: base.keyPart };
  const digest = stableDigest(keyParts);
  const sts: StsTarget = {
    ...instance.sts,
    ...(stsRegion && { region: stsRegion.value }),
    partition: role?.value.partition,
    network,
    trust,
    plainHttp,
  };
  const key = assumption ? publishedHash(digest) : base.key;
  return {
    request: deepFreeze({ key, digest, base, assumption, region, sts, network, integration }),
    chosen,
    keyParts,
  };
}

export function createRoleRequest(...input: Parameters<typeof decideRequest>): RoleRequest {
  return decideRequest(...input).request;
}

/** A session that an impostor of STS may have issued must not serve an instance that verifies certificates. */
function sessionKeyParts(
  base: BaseIdentity,
  { sts, dangerouslyAllowPlainHttp: plainHttp }: InstanceSettings,
  { role, ...assumption }: Assumption,
  trust: string | undefined,
): Record<string, unknown> {
  return { base: base.keyPart, roleArn: role.arn, ...assumption, sts, trust, plainHttp };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) deepFreeze(part);
  return Object.freeze(value);
}

/**
 * The region that a service client of this request calls. `undefined` for the machine's region.
 * @throws RolecallError `INVALID_REQUEST` if it is known to be outside the role's partition
 */
export function serviceRegion({ region, assumption }: RoleRequest): string | undefined {
  if (region) assertInPartition(region, assumption?.role);
  return region?.value;
}
