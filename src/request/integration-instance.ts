import type { AwsCredentialIdentity, CredentialProvider } from "../sdk-types.js";
import { type AllowedRole, readAllowedRoles } from "./allowed-roles.js";
import { readBaseIdentity } from "./base-identity.js";
import { EXTERNAL_ID, ROLE_SESSION_DURATION, ROLE_SESSION_NAME, SOURCE_IDENTITY } from "./limits.js";
import { type NetworkSettings, readNetworkSettings } from "./network-settings.js";
import { readRegion } from "./regions.js";
import { readRoleArn } from "./role-arn.js";
import { readPermissionCeiling } from "./session-policy.js";
import { readTags, type SessionTags } from "./session-tags.js";
import { readStsSettings, type StsSettings } from "./sts-settings.js";
import {
  invalid,
  isGiven,
  readBoolean,
  readInteger,
  readLimit,
  readSetting,
  readSettings,
  readText,
  type TextRule,
} from "./validation.js";

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

export const INSTANCE_KEYS = [
  "roleArn",
  "roleSessionName",
  "roleSessionDuration",
  "region",
  "policy",
  "policyArns",
  "tags",
  "sourceIdentity",
  "externalId",
  "transitiveTagKeys",
  "allowedRoles",
  "credentials",
  "credentialsName",
  "sts",
  "network",
  "dangerouslyAllowPlainHttp",
  "integration",
] as const satisfies readonly (keyof IntegrationInstance)[];

/** The integration's name alone, of an instance that is refused. */
export function integrationOf(instance: IntegrationInstance): string | undefined {
  return readText("instance.integration", readSetting("instance", instance, "integration"), INTEGRATION);
}

export type InstanceSettings = ReturnType<typeof readInstance>;

export function readInstance(instance: unknown) {
  if (!isGiven(instance)) {
    throw invalid("instance", instance, `an object with ${INSTANCE_KEYS.join(", ")}; {} for none of them`);
  }
  const settings = readSettings("instance", instance, INSTANCE_KEYS);
  const plainHttp = readBoolean("instance.dangerouslyAllowPlainHttp", settings.dangerouslyAllowPlainHttp) || undefined;
  return {
    role: readRoleArn("instance.roleArn", settings.roleArn),
    roleSessionName: readText("instance.roleSessionName", settings.roleSessionName, ROLE_SESSION_NAME),
    roleSessionDuration: readInteger(
      "instance.roleSessionDuration",
      settings.roleSessionDuration,
      ROLE_SESSION_DURATION.min,
      ROLE_SESSION_DURATION.max,
      "seconds",
    ),
    region: readRegion("instance.region", settings.region),
    ceiling: readPermissionCeiling("instance", settings),
    tags: readTags("instance.tags", settings.tags),
    sourceIdentity: readText("instance.sourceIdentity", settings.sourceIdentity, SOURCE_IDENTITY),
    externalId: readText("instance.externalId", readLimit("instance.externalId", settings.externalId), EXTERNAL_ID),
    transitiveTagKeys: settings.transitiveTagKeys,
    allowedRoles: readAllowedRoles("instance.allowedRoles", readLimit("instance.allowedRoles", settings.allowedRoles)),
    base: readBaseIdentity("instance.credentials", settings.credentials, settings.credentialsName, plainHttp),
    sts: readStsSettings("instance.sts", settings.sts, plainHttp ?? false),
    plainHttp,
    network: readNetworkSettings("instance.network", settings.network),
    integration: readText("instance.integration", settings.integration, INTEGRATION),
  };
}
