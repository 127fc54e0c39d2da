import type { InstanceProfile } from "./instance-profile.js";
import type { LocalRole } from "./local-role.js";
import type { ConditionKeyValues } from "./request-context.js";

/** How `startLocalAws` starts. The instance profile and the roles can be changed while it runs. */
export interface LocalAwsOptions {
  /**
   * The servers' wall clock, epoch ms, and what a late answer waits on. Default: the machine's. A `ManualClock` fits:
   * answers that `setLatency` holds back then come as the test moves it.
   */
  clock?: { now(): number; sleep?(ms: number, signal?: AbortSignal): Promise<void> };
  /**
   * Whether `process.env` points to this AWS until `close()`: `env` is set, every other variable that begins with `AWS_`
   * is taken out, and the SDK's configuration files are not read. `close()` restores what was there. Default `false`. One
   * local AWS of a process at a time can have it.
   */
  processEnv?: boolean;
  /** The region that IMDS names. Default `"us-east-1"`. */
  region?: string;
  /** The role attached to the machine; `null` for none. Default: `arn:aws:iam::111122223333:role/rolecall-instance-profile`. */
  instanceProfile?: InstanceProfile | null;
  /** The roles that STS knows. Default: none; AssumeRole then answers AccessDenied, as AWS does for an unknown role. */
  roles?: readonly LocalRole[];
  imds?: {
    /** Whether IMDSv1, a read without a token, is answered. Default `false`. */
    v1?: boolean;
    /**
     * Whether the token request is never answered, as in a container with a hop limit of 1. Default `false`. To end it
     * later, use `fault({ on: { operation: "token" }, kind: "hang" })` instead.
     */
    hopLimitExceeded?: boolean;
  };
  /** Regions in which STS is not activated, and in which the services do not know the session. Default: none. */
  disabledRegions?: readonly string[];
  /**
   * Whether the AccessDenied of AssumeRole ends with the kind of policy that does not allow it, such as `because no role
   * trust policy allows the sts:AssumeRole action`. AWS adds that to some of its answers within one account or one
   * organization. Default `false`: the message without it, as a caller from elsewhere gets it.
   */
  denialContext?: boolean;
  /**
   * Condition keys that policies test and that do not follow from the call itself, as AWS spells them:
   * `{ "aws:PrincipalOrgID": "o-exampleorgid", "aws:SourceIp": "203.0.113.7", "aws:PrincipalTag/team": "blue" }`. They
   * hold for every AssumeRole, whoever calls; a tag of the caller's session overrides `aws:PrincipalTag/…`. A key with
   * several values, such as `aws:PrincipalOrgPaths`, takes a list. Default: `aws:SourceIp` is 127.0.0.1,
   * `aws:MultiFactorAuthPresent` is false for sessions, and keys of an organization, a VPC or a tag are absent.
   */
  requestContext?: ConditionKeyValues;
  /**
   * Whether a request must be signed within 15 minutes of `clock`. Default `false`: the local AWS also accepts any time
   * between its first request, `clock` and the machine's own clock. A clock that a test moves does not move the time by
   * which the SDK signs; the SDK follows the last answer's `Date`.
   */
  strictSignatureTime?: boolean;
}
