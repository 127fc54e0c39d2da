import { refuseUnlessAllowed } from "./allowed-roles.js";
import { type AuthorSession, readAuthorSession } from "./author-session.js";
import { type Assumption, type Link, RoleLink, SourceLink, type StsGiven } from "./chain.js";
import { chooseBaseIdentity } from "./choose-base-identity.js";
import { type CommandOverrides, readCommand } from "./command-overrides.js";
import { type IntegrationInstance, readInstance } from "./integration-instance.js";
import type { Network } from "./network-settings.js";
import { Platform } from "./platform.js";
import { type ChosenSettings, chooseRole, chooseSettings } from "./precedence.js";
import { assertInPartition } from "./regions.js";
import type { RoleArn } from "./role-arn.js";
import type { Chosen } from "./settings-table.js";
import { limitSourceRole } from "./source-role.js";

/** The identity that acts, and in which region: all settings, merged and validated. Immutable; contains no secret. */
export interface RoleRequest {
  /** The identity that acts. Its `parent` is the identity that assumes it. */
  readonly chain: Link;
  /** The configured region of the service. Read it with {@link serviceRegion}. */
  readonly region: Chosen<string> | undefined;
  /** `undefined` for the SDK's defaults. */
  readonly network: Network | undefined;
  readonly integration: string | undefined;
}

/** A request, and how it was decided. */
export interface DecidedRequest {
  readonly request: RoleRequest;
  readonly chosen: ChosenSettings;
  /** The instance's STS settings. */
  readonly stsGiven: StsGiven;
}

/**
 * Pure: it uses no network and no clock, and the same input gives an equal request.
 * @param platform read from `env` when the resolver was created
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
  const { network, integration, dangerouslyAllowPlainHttp: plainHttp, sourceRole, allowedRoles } = instance;
  const { region, stsRegion, trust } = chosen;
  const { endpoint, useFipsEndpoint, useDualstackEndpoint } = instance.sts;
  const base = chooseBaseIdentity(instance.credentials, { env, platform, issuer: { endpoint, trust, plainHttp } });
  const source = new SourceLink(base, {
    region: stsRegion?.value,
    endpoint,
    useFipsEndpoint,
    useDualstackEndpoint,
    partition: role?.value.partition,
    network,
    trust,
    plainHttp,
  });
  const stsGiven = { sts: instance.sts, trust, plainHttp };
  const caller = sourceRole
    ? new RoleLink("source-role", source, limitSourceRole(sourceRole, allowedRoles), stsGiven)
    : source;
  const chain = role ? new RoleLink("assume-role", caller, toAssumption(role.value, chosen), stsGiven) : caller;
  return { request: Object.freeze({ chain, region, network, integration }), chosen, stsGiven };
}

function toAssumption(role: RoleArn, chosen: ChosenSettings): Assumption {
  const { policy, policyArns, tags, transitiveTagKeys, sourceIdentity } = chosen.limits;
  return {
    role,
    roleSessionName: chosen.roleSessionName?.value,
    durationSeconds: chosen.durationSeconds.value,
    policy,
    policyArns,
    tags,
    transitiveTagKeys,
    sourceIdentity,
    externalId: chosen.externalId?.value,
  };
}

export function createRoleRequest(...input: Parameters<typeof decideRequest>): RoleRequest {
  return decideRequest(...input).request;
}

/**
 * The region that a service client of this request calls. `undefined` for the machine's region.
 * @throws RolecallError `INVALID_REQUEST` if it is known to be outside the role's partition
 */
export function serviceRegion({ region, chain }: RoleRequest): string | undefined {
  if (region) assertInPartition(region, chain.assumption?.role);
  return region?.value;
}
