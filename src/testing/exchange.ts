import type { AwsError } from "./aws-error.js";
import type { SignerIdentity } from "./issued-sessions.js";

/** Which of the three endpoints a request was for. Every service other than STS is `"service"`. */
export type RequestTarget = "imds" | "sts" | "service";

/** Picks requests. Every field that is given must be equal; `{}` picks all. */
export interface RequestFilter {
  target?: RequestTarget;
  /**
   * As in {@link RecordedRequest.operation}: `"AssumeRole"`, `"GetCallerIdentity"`, `"DescribeInstances"`, … or on
   * IMDS `"token"`, `"role-list"`, `"credentials"`, `"iam-info"`, `"placement"`, `"instance-id"`, `"identity-document"`.
   */
  operation?: string;
  /** The signing name, such as `"ec2"`. No IMDS request has one. */
  service?: string;
  /** The region of the signature. No IMDS request has one. */
  region?: string;
  /** The role that an AssumeRole asks for; on any other request the role whose session signed it. */
  roleArn?: string;
}

/** One request as the local AWS saw it. Holds no secret and no token. */
export interface RecordedRequest {
  target: RequestTarget;
  /**
   * The API operation. On IMDS one of `"token"`, `"role-list"`, `"credentials"`, `"iam-info"`, `"placement"`,
   * `"instance-id"`, `"identity-document"`, `"unknown"`. For a REST API that does not say it: method and path, `"GET /bucket/key"`.
   */
  operation: string;
  /** The signing name, such as `"ec2"`. Absent on IMDS and on an unsigned request. */
  service?: string;
  /** The region of the signature. Absent on IMDS and on an unsigned request. */
  region?: string;
  /** As the request states it, believed or not. Absent on IMDS and on an unsigned request. */
  accessKeyId?: string;
  /** Who signed. Absent unless the signature holds. */
  session?: SignerIdentity;
  /** See {@link RequestFilter.roleArn}. */
  roleArn?: string;
  /** The HTTP status of the answer. Absent until answered, and for good after a `hang` or a `reset`. */
  status?: number;
  /** AWS's error code in the answer. */
  errorCode?: string;
  /** Arrival by the server's clock, epoch ms. */
  time: number;
  userAgent?: string;
  /** The parameters of an STS call as sent (`"Tags.member.1.Key"`), without the signature's own. `{}` for other targets. */
  parameters: Readonly<Record<string, string>>;
}

/** What is sent back. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  errorCode?: string;
}

/** The fields of an issued credential set on their way out, spelt as the endpoint spells them. */
export interface CredentialFields {
  AccessKeyId?: string | undefined;
  SecretAccessKey?: string | undefined;
  /** STS only. */
  SessionToken?: string | undefined;
  /** IMDS only. */
  Token?: string | undefined;
  /** ISO 8601, `2026-01-01T01:00:00Z`. */
  Expiration?: string | undefined;
  /** IMDS only: `"Success"`. */
  Code?: string | undefined;
  /** IMDS only. */
  Type?: string | undefined;
  /** IMDS only: ISO 8601. */
  LastUpdated?: string | undefined;
  /** STS only: `AssumedRoleUser.Arn`. */
  Arn?: string | undefined;
  /** STS only: `AssumedRoleUser.AssumedRoleId`. */
  AssumedRoleId?: string | undefined;
}

export type PatchCredentials = (fields: CredentialFields) => CredentialFields;

/** One request as an API understood it, and the API's two ways to answer. */
export interface Exchange {
  about: Omit<RecordedRequest, "status" | "errorCode" | "time" | "userAgent">;
  /** Does what was asked. Throws {@link AwsError} to refuse. */
  answer(patch: PatchCredentials): Answer;
  /** An error in the form of this API's protocol. */
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
