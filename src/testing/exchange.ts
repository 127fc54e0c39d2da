import type { AwsError } from "./aws-error.js";
import type { SignerIdentity } from "./issued-sessions.js";

/** The target of a request. Every service other than STS is `"service"`. */
export type RequestTarget = "imds" | "container" | "sts" | "service";

/** Selects requests. Every field that is set must match; `{}` matches all requests. */
export interface RequestFilter {
  target?: RequestTarget;
  /**
   * As in {@link RecordedRequest.operation}: `"AssumeRole"`, `"GetCallerIdentity"`, `"DescribeInstances"`, … For IMDS:
   * `"token"`, `"role-list"`, `"credentials"`, `"iam-info"`, `"placement"`, `"instance-id"`, `"identity-document"`. For
   * the container endpoint: `"credentials"`.
   */
  operation?: string;
  /** The signing name, such as `"ec2"`. Unsigned requests have none. */
  service?: string;
  /** The region of the signature. Unsigned requests have none. */
  region?: string;
  /**
   * For AssumeRole and AssumeRoleWithWebIdentity, the requested role; for any other request, the role whose session
   * signed it.
   */
  roleArn?: string;
}

/** A request that the local AWS received. Contains no secret and no token. */
export interface RecordedRequest {
  target: RequestTarget;
  /**
   * The API operation. For IMDS, one of `"token"`, `"role-list"`, `"credentials"`, `"iam-info"`, `"placement"`,
   * `"instance-id"`, `"identity-document"`, `"unknown"`. For the container endpoint, `"credentials"` or `"unknown"`.
   * For a REST API whose requests do not name the operation, the method and path: `"GET /bucket/key"`.
   */
  operation: string;
  /** The signing name, such as `"ec2"`. Absent on an unsigned request. */
  service?: string;
  /** The region of the signature. Absent on an unsigned request. */
  region?: string;
  /** As stated in the request, verified or not. Absent on an unsigned request. */
  accessKeyId?: string;
  /** The signer. Absent unless the signature is valid. */
  session?: SignerIdentity;
  /** See {@link RequestFilter.roleArn}. */
  roleArn?: string;
  /** The HTTP status of the response. Absent until there is one; a `hang` or `reset` never has one. */
  status?: number;
  /** The AWS error code of the response. */
  errorCode?: string;
  /** The time of arrival by the server's clock, in epoch milliseconds. */
  time: number;
  userAgent?: string;
  /**
   * The parameters of an STS call as sent (`"Tags.member.1.Key"`), without signature parameters. `{}` for other
   * targets.
   */
  parameters: Readonly<Record<string, string>>;
}

/** A response. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  errorCode?: string;
}

/** The fields of a credential set in a response, as the endpoint spells them. */
export interface CredentialFields {
  AccessKeyId?: string | undefined;
  SecretAccessKey?: string | undefined;
  /** STS only. */
  SessionToken?: string | undefined;
  /** IMDS and the container endpoint only. */
  Token?: string | undefined;
  /** ISO 8601, `2026-01-01T01:00:00Z`. */
  Expiration?: string | undefined;
  /** IMDS only: `"Success"`. */
  Code?: string | undefined;
  /** IMDS only. */
  Type?: string | undefined;
  /** IMDS only: ISO 8601. */
  LastUpdated?: string | undefined;
  /** ECS only. */
  RoleArn?: string | undefined;
  /** EKS Pod Identity only. */
  AccountId?: string | undefined;
  /** STS only: `AssumedRoleUser.Arn`. */
  Arn?: string | undefined;
  /** STS only: `AssumedRoleUser.AssumedRoleId`. */
  AssumedRoleId?: string | undefined;
}

export type PatchCredentials = (fields: CredentialFields) => CredentialFields;

/** A parsed request, and how its API responds to it. */
export interface Exchange {
  about: Omit<RecordedRequest, "status" | "errorCode" | "time" | "userAgent">;
  /** Performs the operation. Throws {@link AwsError} to reject it. */
  answer(patch: PatchCredentials): Answer;
  /** Formats an error in this API's protocol. */
  refuse(error: AwsError): Answer;
}

export function matchesFilter(about: Exchange["about"], filter: RequestFilter): boolean {
  const { target, operation, service, region, roleArn } = filter;
  return (
    (target === undefined || target === about.target) &&
    (operation === undefined || operation === about.operation) &&
    (service === undefined || service === about.service) &&
    (region === undefined || region === about.region) &&
    (roleArn === undefined || roleArn === about.roleArn)
  );
}
