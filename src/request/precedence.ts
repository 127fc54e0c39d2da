import type { AllowedRoleEntry } from "./allowed-roles.js";
import type { readAuthorSession } from "./author-session.js";
import type { readCommand } from "./command-overrides.js";
import type { InstanceSettings } from "./integration-instance.js";
import { ROLE_SESSION_DURATION } from "./limits.js";
import { envTrust } from "./network-settings.js";
import { assertInPartition, mayBeInPartition, readRegion } from "./regions.js";
import type { RoleArn } from "./role-arn.js";
import { checkTransitiveTagKeys, mergeTags, type SessionTags } from "./session-tags.js";
import type { Chosen } from "./settings-table.js";
import { assertMayBeBehind } from "./source-role.js";
import { readStsHostRegion } from "./sts-endpoint-region.js";
import { conflict, variableIn } from "./validation.js";

/** What restricts and labels a role's session. */
export interface SessionLimits {
  /** Canonical JSON, used for both the cache key and the request, so that the two always agree. */
  readonly policy: string | undefined;
  readonly policyArns: readonly string[] | undefined;
  readonly tags: SessionTags;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity: string | undefined;
}

/** The merged settings of instance, author and command. */
export interface ChosenSettings {
  readonly role: Chosen<RoleArn> | undefined;
  /** The entry of `allowedRoles` that allows the role; `undefined` without a list. */
  readonly allowedBy: AllowedRoleEntry | undefined;
  readonly roleSessionName: Chosen<string> | undefined;
  readonly durationSeconds: Chosen<number>;
  readonly limits: SessionLimits;
  readonly externalId: Chosen<string> | undefined;
  /** The region of the service. */
  readonly region: Chosen<string> | undefined;
  /** Independent of the command's region: a role that you use in twenty regions still has one session. */
  readonly stsRegion: Chosen<string> | undefined;
  /** See `Network.trust`. */
  readonly trust: string | undefined;
}

type Author = ReturnType<typeof readAuthorSession>;
type Command = ReturnType<typeof readCommand>;

/** The role that a command acts as: the command's, otherwise the instance's. */
export function chooseRole(command: Command, instance: InstanceSettings): Chosen<RoleArn> | undefined {
  return commandFirst("roleArn", command.roleArn, instance.roleArn);
}

/** Decides which setting takes precedence. The role must already be allowed. */
export function chooseSettings(
  role: Chosen<RoleArn> | undefined,
  allowedBy: AllowedRoleEntry | undefined,
  { author, command, instance }: { author: Author; command: Command; instance: InstanceSettings },
  env: Record<string, string | undefined>,
): ChosenSettings {
  const limits = mergeLimits(instance, author);
  if (!role) {
    assertNoLimits({ instance, "options.session": author });
    assertNoAccounts(instance);
  }
  const durationSeconds = commandFirst(
    "roleSessionDuration",
    command.roleSessionDuration,
    instance.roleSessionDuration,
  ) ?? { value: ROLE_SESSION_DURATION.default, from: "default" };
  if (instance.sourceRole) {
    const tags = { "instance.tags": instance.tags, "options.session.tags": author.tags };
    const sourceIdentity =
      given("instance.sourceIdentity", instance.sourceIdentity) ??
      given("options.session.sourceIdentity", author.sourceIdentity);
    assertMayBeBehind(instance.sourceRole, { role, durationSeconds, tags, sourceIdentity });
  }
  const administered = [given("instance.region", instance.region), readEnvRegion(env)];
  return {
    role,
    allowedBy,
    roleSessionName: commandFirst("roleSessionName", command.roleSessionName, instance.roleSessionName),
    durationSeconds,
    limits,
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

/** `undefined` for a setting that is not set. */
export function given<T>(from: string, value: T | undefined): Chosen<T> | undefined {
  return value === undefined ? undefined : Object.freeze({ value, from });
}

function chooseStsRegion(
  { sts }: InstanceSettings,
  administered: readonly (Chosen<string> | undefined)[],
  role: RoleArn | undefined,
): Chosen<string> | undefined {
  const endpointRegion = sts.endpoint && readStsHostRegion(new URL(sts.endpoint).hostname);
  const fixed = given("instance.sts.region", sts.region) ?? given("instance.sts.endpoint", endpointRegion);
  if (fixed) {
    assertInPartition(fixed, role);
    return fixed;
  }
  return administered.find((region) => region && (!role || mayBeInPartition(region.value, role.partition)));
}

function mergeLimits(instance: InstanceSettings, author: Author): SessionLimits {
  const { policy, policyArns } = chooseOwnerOfPolicies(instance, author);
  const tags = mergeTags("options.session.tags", instance.tags, author.tags);
  const sourceIdentity = instance.sourceIdentity ?? author.sourceIdentity;
  if (author.sourceIdentity !== undefined && author.sourceIdentity !== sourceIdentity) {
    throw conflict(
      "options.session.sourceIdentity",
      "differs from the instance's",
      "Leave it out: the instance's source identity is used.",
    );
  }
  const transitiveTagKeys = checkTransitiveTagKeys("instance.transitiveTagKeys", instance.transitiveTagKeys, tags);
  return { policy, policyArns, tags, transitiveTagKeys, sourceIdentity };
}

/** STS allows whatever any of the session policies allows, so two owners could widen each other's limits. */
function chooseOwnerOfPolicies(instance: InstanceSettings, author: Author): InstanceSettings | Author {
  const setting = (["policy", "policyArns"] as const).find((name) => author[name] !== undefined);
  if (setting === undefined) return instance;
  if (instance.policy === undefined && instance.policyArns === undefined) return author;
  throw conflict(
    `options.session.${setting}`,
    "is set, but the instance already sets policy or policyArns",
    "Set them in one place only: leave both out here, or leave both out of the instance.",
  );
}

const NEED_A_ROLE = ["policy", "policyArns", "tags", "sourceIdentity", "externalId"] as const;

/** Refuses settings that restrict or label a session if there is no role: they would have no effect. */
function assertNoLimits(owners: Record<string, Partial<Pick<InstanceSettings, (typeof NEED_A_ROLE)[number]>>>): void {
  for (const [owner, settings] of Object.entries(owners)) {
    for (const name of NEED_A_ROLE) {
      const value = settings[name];
      if (value === undefined || Object.keys(value).length === 0) continue;
      throw conflict(
        `${owner}.${name}`,
        "is set without a role",
        "Set roleArn, or leave this setting out: it applies only to the session of an assumed role.",
      );
    }
  }
}

/** Outside `forEachAccount`, the command would act as the base identity, in an account that may not be listed. */
function assertNoAccounts({ accounts }: InstanceSettings): void {
  if (!accounts) return;
  const hint = "Call forEachAccount() to act in these accounts, or set roleArn to act as one role.";
  throw conflict("instance.accounts", "is set, but there is no role to act as", hint);
}

/** The region that the environment sets. */
export function readEnvRegion(env: Record<string, string | undefined>): Chosen<string> | undefined {
  const { name, region } = envRegion(env);
  return given(name, readRegion(name, region));
}

/** The region that the environment sets, not validated. An empty variable counts as not set. */
export function envRegion(env: Record<string, string | undefined>): { name: string; region: string | undefined } {
  const region = variableIn(env, "AWS_REGION");
  if (region) return { name: "AWS_REGION", region };
  return { name: "AWS_DEFAULT_REGION", region: variableIn(env, "AWS_DEFAULT_REGION") || undefined };
}
