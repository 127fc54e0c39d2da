import { type AccountsSettings, readAccounts } from "./accounts.js";
import { type AllowedRole, readAllowedRoles } from "./allowed-roles.js";
import { COMMAND_SETTINGS } from "./command-overrides.js";
import { CREDENTIALS_NAME, type CredentialSource, readCredentialSource } from "./credential-source.js";
import { readExternalId, readSourceIdentity } from "./limits.js";
import { type NetworkSettings, readNetworkSettings } from "./network-settings.js";
import { SESSION_POLICIES } from "./session-policy.js";
import { readTags, readTransitiveTagKeys, type SessionTags } from "./session-tags.js";
import { createSettingsReader, type ReadByTable, type SettingsTable } from "./settings-table.js";
import { readSourceRole, type SourceRoleSettings } from "./source-role.js";
import { readStsSettings, type StsSettings } from "./sts-settings.js";
import { invalid, isGiven, readFlag, readLimit, readText, type TextRule } from "./validation.js";

/**
 * What an administrator configures once. Trusted: authors and commands cannot lift its limits.
 * Unknown keys and empty strings are errors. `undefined` and `null` mean not set, except in the settings that limit a
 * role (`policy`, `policyArns`, `externalId`, `allowedRoles`), where `null` is an error.
 */
export interface IntegrationInstance {
  /** The role of commands that don't set `roleArn`. Default: none; these commands act as the base identity. */
  roleArn?: string | null | undefined;
  /** 2 to 64 characters of `[\w+=,.@-]`. Default `rolecall-<hostname>`. */
  roleSessionName?: string | null | undefined;
  /** In seconds: 900 to 43200, a number or a string of digits. Default 3600. */
  roleSessionDuration?: number | string | null | undefined;
  /** Default: `AWS_REGION`, then `AWS_DEFAULT_REGION`, then the machine's region. */
  region?: string | null | undefined;
  /** Session policy: a JSON object or its text, at most 2048 characters. It restricts the role's permissions. */
  policy?: object | string | undefined;
  /** Managed policies to use as session policies, 1 to 10 ARNs. */
  policyArns?: readonly string[] | undefined;
  /** Session tags, at most 50 together with the author's. Authors may add tags, but not change these. */
  tags?: SessionTags | null | undefined;
  /** 2 to 64 characters of `[\w+=,.@-]`, not starting with `aws:`. */
  sourceIdentity?: string | null | undefined;
  /** 2 to 1224 characters of `[\w+=,.@:/-]`. For every role, unless `allowedRoles` sets another. */
  externalId?: string | undefined;
  /** Keys of the tags that the session passes on to roles assumed from it. */
  transitiveTagKeys?: readonly string[] | null | undefined;
  /**
   * The roles that commands may assume. If you set it, every command needs a role. `[]` allows none. Default: only IAM
   * decides.
   */
  allowedRoles?: readonly AllowedRole[] | undefined;
  /**
   * Where the base identity comes from:
   * - `"Ec2InstanceMetadata"`: the instance profile of the EC2 machine. The default, unless the environment announces
   *   another identity: then you must choose.
   * - `"EcsContainer"`: the role of an ECS task, or of a pod with EKS Pod Identity.
   * - `"WebIdentity"`: the role for an OIDC token, both named by environment variables, as with IRSA. To name them here
   *   instead, set `{ webIdentityTokenFile, roleArn, roleSessionName? }`.
   * - `"Environment"`: the keys in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, as in Lambda.
   * - `{ profile }`: a profile in the AWS configuration files, as on a laptop.
   * - `"Runtime"`: the one identity that the environment announces, or the instance profile if it announces none.
   * - Static keys, or any SDK credential provider.
   */
  credentials?: CredentialSource | null | undefined;
  /**
   * A name for the identity that `credentials` provides, 1 to 64 characters of `[\w+=,.@-]`. Instances with the same name
   * count as one identity. Required to share sessions through a store, except for the instance profile and static keys.
   * Default: each function, container, web identity and profile is a separate identity.
   */
  credentialsName?: string | null | undefined;
  /**
   * A central role that the base identity assumes first, and that then assumes the role of each command. Use it if your
   * roles trust only one central role. Set a role ARN, or the settings of the central role's session. Every command
   * then needs a role, and its session lasts at most one hour. Default: the base identity assumes the roles of commands
   * directly.
   */
  sourceRole?: string | SourceRoleSettings | null | undefined;
  /** The accounts to act in, and the role in each, for `forEachAccount` of `aws-rolecall/accounts`. Default: none. */
  accounts?: AccountsSettings | null | undefined;
  /** Which STS endpoint to call. */
  sts?: StsSettings | null | undefined;
  /** How to reach AWS: timeouts, attempts, proxy, certificates. Applies to STS and all clients, never to IMDS. */
  network?: NetworkSettings | null | undefined;
  /**
   * Allows plain `http` to STS and the metadata service on other machines. Anyone on the network path can then read the
   * keys and impersonate AWS. Use it only for a simulator such as LocalStack. Default `false`: only `https`, or this
   * machine.
   */
  dangerouslyAllowPlainHttp?: boolean | null | undefined;
  /** The integration's name, for the user agent: 1 to 50 characters of `[\w.+-]`. Default: none. */
  integration?: string | null | undefined;
}

/**
 * Makes unknown keys a compile-time error as well as a run-time error, even if the instance is in a variable. Allows
 * the methods of a class.
 */
export type ExactInstance<I extends IntegrationInstance> = I & {
  readonly [K in Exclude<keyof I, keyof IntegrationInstance>]: I[K] extends (...args: never) => unknown ? I[K] : never;
};

const INTEGRATION: TextRule = { pattern: /^[\w.+-]*$/, min: 1, max: 50, allowed: "1 to 50 letters, digits and _.+-" };

/** Every setting of an instance, with its reader. */
const INSTANCE_SETTINGS = {
  ...COMMAND_SETTINGS,
  ...SESSION_POLICIES,
  tags: readTags,
  sourceIdentity: readSourceIdentity,
  externalId: readExternalId,
  transitiveTagKeys: readTransitiveTagKeys,
  allowedRoles: (field, value) => readAllowedRoles(field, readLimit(field, value)),
  dangerouslyAllowPlainHttp: readFlag,
  credentialsName: (field, value) => readText(field, value, CREDENTIALS_NAME),
  credentials: (field, value, { credentialsName, dangerouslyAllowPlainHttp }) =>
    readCredentialSource(field, value, credentialsName as string | undefined, dangerouslyAllowPlainHttp === true),
  sourceRole: readSourceRole,
  accounts: readAccounts,
  sts: (field, value, { dangerouslyAllowPlainHttp }) =>
    readStsSettings(field, value, dangerouslyAllowPlainHttp === true),
  network: readNetworkSettings,
  integration: (field, value) => readText(field, value, INTEGRATION),
} satisfies SettingsTable<keyof IntegrationInstance>;

export const INSTANCE_KEYS = Object.keys(INSTANCE_SETTINGS) as readonly (keyof IntegrationInstance)[];

/** A validated instance. */
export type InstanceSettings = ReadByTable<typeof INSTANCE_SETTINGS>;

const readSettings = createSettingsReader(INSTANCE_SETTINGS);

const DEFINED = new WeakMap<object, InstanceSettings>();

/** @param frozen an instance that can no longer change */
export function rememberInstance(frozen: object, settings: InstanceSettings): void {
  DEFINED.set(frozen, settings);
}

/** The settings of an instance that `defineInstance` made; `undefined` for a plain object. */
export function findDefinedInstance(instance: unknown): InstanceSettings | undefined {
  return typeof instance === "object" && instance !== null ? DEFINED.get(instance) : undefined;
}

/** @throws RolecallError `INVALID_REQUEST`, naming the field */
export function readInstance(instance: unknown): InstanceSettings {
  const defined = findDefinedInstance(instance);
  if (defined) return defined;
  if (!isGiven(instance)) {
    throw invalid("instance", instance, `an object with ${INSTANCE_KEYS.join(", ")}; {} for none of them`);
  }
  return readSettings("instance", instance);
}
