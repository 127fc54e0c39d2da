import type { AwsCredentialIdentity, CredentialProvider } from "../sdk-types.js";
import { type AllowedRole, readAllowedRoles } from "./allowed-roles.js";
import { PROVIDER_NAME, readBaseIdentity } from "./base-identity.js";
import { COMMAND_SETTINGS } from "./command-overrides.js";
import { EXTERNAL_ID, SOURCE_IDENTITY } from "./limits.js";
import { type NetworkSettings, readNetworkSettings } from "./network-settings.js";
import { SESSION_POLICIES } from "./session-policy.js";
import { readTags, readTransitiveTagKeys, type SessionTags } from "./session-tags.js";
import { type ReadByTable, readByTable, type SettingsTable } from "./settings-table.js";
import { readStsSettings, type StsSettings } from "./sts-settings.js";
import { invalid, isGiven, readBoolean, readLimit, readText, type TextRule } from "./validation.js";

/**
 * What an administrator configured once. Trusted: it fixes limits that no author and no command can lift.
 * An unknown key is an error, and so is an empty string. `undefined` means not given. So does `null`, except in the
 * settings that limit a role (`policy`, `policyArns`, `externalId`, `allowedRoles`), where it is an error.
 */
export interface IntegrationInstance {
  /** The role that commands act as unless they name another. Default: none, the base identity itself acts. */
  roleArn?: string | null | undefined;
  /** 2 to 64 of `[\w+=,.@-]`. Default `rolecall-<hostname>`. */
  roleSessionName?: string | null | undefined;
  /** Seconds, 900 to 43200, a number or digits. Default 3600. */
  roleSessionDuration?: number | string | null | undefined;
  /** Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, then the region that the machine stands in. */
  region?: string | null | undefined;
  /** Session policy: a JSON object or its text, at most 2048 characters. It limits the role and adds nothing to it. */
  policy?: object | string | undefined;
  /** Managed policies as session policies, 1 to 10 ARNs. */
  policyArns?: readonly string[] | undefined;
  /** Session tags, at most 50 together with the author's. Authors may add to them and not change them. */
  tags?: SessionTags | null | undefined;
  /** 2 to 64 of `[\w+=,.@-]`, not beginning `aws:`. */
  sourceIdentity?: string | null | undefined;
  /** 2 to 1224 of `[\w+=,.@:/-]`. Used for every role but those that `allowedRoles` binds to another one. */
  externalId?: string | undefined;
  /** Keys of `tags` that pass on when the session assumes a further role. */
  transitiveTagKeys?: readonly string[] | null | undefined;
  /** The roles that may be assumed. Absent: IAM alone decides. `[]`: none. With it, a role is required. */
  allowedRoles?: readonly AllowedRole[] | undefined;
  /** Another base identity: static keys, or any SDK credential provider. Default: the instance profile. */
  credentials?: AwsCredentialIdentity | CredentialProvider | null | undefined;
  /**
   * Names the identity that a function in `credentials` gives, 1 to 64 of `[\w+=,.@-]`: functions with one name count as
   * one identity. Needed where sessions are shared through a store. Default: each function is an identity of its own.
   */
  credentialsName?: string | null | undefined;
  /** Where STS is asked. */
  sts?: StsSettings | null | undefined;
  /** How AWS is reached: timeouts, tries, a proxy, certificates. For STS and all clients, and never for IMDS. */
  network?: NetworkSettings | null | undefined;
  /**
   * Asks STS and the metadata service over plain `http` on other machines too, so that anybody on the way can read the
   * keys and answer in AWS's place. For a simulator such as LocalStack. Default `false`: `https`, or the machine itself.
   */
  dangerouslyAllowPlainHttp?: boolean | null | undefined;
  /** The integration's name, for the user agent: 1 to 50 of `[\w.+-]`. Default: none. */
  integration?: string | null | undefined;
}

/**
 * An instance without keys that {@link IntegrationInstance} lacks, which are an error at run time. An object literal is
 * checked by the compiler anyway; this also finds them in a variable. Methods of a class do not count.
 */
export type ExactInstance<I extends IntegrationInstance> = I & {
  readonly [K in Exclude<keyof I, keyof IntegrationInstance>]: I[K] extends (...args: never) => unknown ? I[K] : never;
};

const INTEGRATION: TextRule = { pattern: /^[\w.+-]*$/, min: 1, max: 50, allowed: "1 to 50 letters, digits and _.+-" };

/** Every setting of an instance, and how it is read. */
const INSTANCE_SETTINGS = {
  ...COMMAND_SETTINGS,
  ...SESSION_POLICIES,
  tags: readTags,
  sourceIdentity: (field, value) => readText(field, value, SOURCE_IDENTITY),
  externalId: (field, value) => readText(field, readLimit(field, value), EXTERNAL_ID),
  transitiveTagKeys: readTransitiveTagKeys,
  allowedRoles: (field, value) => readAllowedRoles(field, readLimit(field, value)),
  dangerouslyAllowPlainHttp: (field, value) => readBoolean(field, value) || undefined,
  credentialsName: (field, value) => readText(field, value, PROVIDER_NAME),
  credentials: (field, value, { credentialsName, dangerouslyAllowPlainHttp }) =>
    readBaseIdentity(field, value, credentialsName as string | undefined, dangerouslyAllowPlainHttp === true),
  sts: (field, value, { dangerouslyAllowPlainHttp }) =>
    readStsSettings(field, value, dangerouslyAllowPlainHttp === true),
  network: readNetworkSettings,
  integration: (field, value) => readText(field, value, INTEGRATION),
} satisfies SettingsTable<keyof IntegrationInstance>;

export const INSTANCE_KEYS = Object.keys(INSTANCE_SETTINGS) as readonly (keyof IntegrationInstance)[];

/** An instance, read. */
export type InstanceSettings = ReadByTable<typeof INSTANCE_SETTINGS>;

const DEFINED = new WeakMap<object, InstanceSettings>();

/** Notes the settings of an instance that cannot change any more. */
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
  return readByTable("instance", instance, INSTANCE_SETTINGS);
}
