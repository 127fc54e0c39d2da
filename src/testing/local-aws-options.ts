import type { RequestFilter } from "./exchange.js";
import type { IamPolicy } from "./iam-policy.js";
import type { LocalOrganization } from "./local-organization.js";
import type { LocalRole } from "./local-role.js";
import type { OidcIssuerOptions } from "./oidc-issuer.js";
import type { PlatformRole } from "./platform-role.js";
import type { LocalPlatformName } from "./platforms.js";
import type { ConditionKeyValues } from "./request-context.js";

/** Options of `startLocalAws`. The roles can be changed while it runs. */
export interface LocalAwsOptions {
  /**
   * The clock of the servers, in epoch milliseconds, which also times the delays of `setLatency`. Can be a
   * `ManualClock`. Default: the system clock.
   */
  clock?: { now(): number; sleep?(ms: number, signal?: AbortSignal): Promise<void> };
  /**
   * Points `process.env` to this AWS until `close()`. Sets the variables in `env`, removes all other variables that
   * start with `AWS_`, and keeps the SDK from reading its configuration files. `close()` restores the environment. Only
   * one local AWS per process can use this at a time. Default `false`.
   */
  processEnv?: boolean;
  /**
   * The platform whose environment variables are in `env`. The other platforms run, too; `LocalAws.platform()` returns
   * their variables. Default `"EC2"`.
   */
  platform?: LocalPlatformName;
  /**
   * The region that IMDS reports, and that the environment variables of the other platforms contain. Default
   * `"us-east-1"`.
   */
  region?: string;
  /**
   * The role attached to the machine; `null` for none. Default:
   * `arn:aws:iam::111122223333:role/rolecall-instance-profile`.
   */
  instanceProfile?: PlatformRole | null;
  /** The roles that exist. Default: none. For any other role, AssumeRole returns AccessDenied, as in AWS. */
  roles?: readonly LocalRole[];
  /**
   * The organization, whose management account may list its accounts. Default: none. Organizations then returns
   * AWSOrganizationsNotInUseException.
   */
  organization?: LocalOrganization;
  /**
   * The documents of managed policies by ARN, for sessions with `PolicyArns`. A managed policy that is not listed here
   * allows no call to STS and every call to other services. Default: none.
   */
  managedPolicies?: Readonly<Record<string, IamPolicy>>;
  /** The OIDC issuer whose tokens AssumeRoleWithWebIdentity accepts. Default: the issuer of an EKS cluster. */
  oidcIssuer?: OidcIssuerOptions;
  imds?: {
    /** Whether IMDSv1 (reads without a token) is enabled. Default `false`. */
    v1?: boolean;
    /**
     * Whether token requests hang, as in a container with a hop limit of 1. Default `false`. If the hang must end
     * later, use `fault({ on: { operation: "token" }, kind: "hang" })` instead.
     */
    hopLimitExceeded?: boolean;
  };
  /**
   * Regions that are not enabled in any account: STS is not activated there, and services reject sessions. For single
   * accounts, see `organization`. Default: none.
   */
  disabledRegions?: readonly string[];
  /**
   * Whether an AccessDenied message names the type of policy that denied the call, such as `because no role trust
   * policy allows the sts:AssumeRole action`. AWS does this for some calls within an account or organization. Default
   * `false`, as for callers from another organization.
   */
  denialContext?: boolean;
  /**
   * Values for condition keys that cannot be derived from the call, as AWS spells them: `{ "aws:PrincipalOrgID":
   * "o-exampleorgid", "aws:SourceIp": "203.0.113.7", "aws:PrincipalTag/team": "blue" }`. They apply to AssumeRole calls
   * of every caller. A tag of the caller's session overrides `aws:PrincipalTag/…`. A multivalued key, such as
   * `aws:PrincipalOrgPaths`, takes a list. Default: `aws:SourceIp` is 127.0.0.1, `aws:MultiFactorAuthPresent` is false
   * for sessions, and the organization keys follow from `organization`. There are no keys for a VPC or tags.
   */
  requestContext?: ConditionKeyValues;
  /**
   * Whether requests must be signed within 15 minutes of `clock`. Default `false`: any time between the first request,
   * `clock` and the system clock is also accepted. The SDK takes the signing time from the `Date` of
   * the last response, so it does not notice when a test advances `clock`.
   */
  strictSignatureTime?: boolean;
  /**
   * Which requests `requests` and `count()` include. To bound the memory of a test with many requests, set a filter,
   * such as `{ operation: "AssumeRole" }`, or `false` for none. Default `true`: all.
   */
  recordRequests?: boolean | RequestFilter;
}
