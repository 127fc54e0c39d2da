import { randomBytes } from "node:crypto";
import { AwsError } from "./aws-error.js";
import { toIsoSeconds } from "./aws-time.js";
import { document, element } from "./aws-xml.js";
import type { Answer, CredentialFields, Exchange, PatchCredentials } from "./exchange.js";
import { INSTANCE_ID, PLATFORM_ACCOUNT } from "./platform-hosts.js";
import type { PlatformRoleState } from "./platform-role.js";
import { parseRoleArn, uniqueId } from "./role-identity.js";
import type { WireRequest } from "./sigv4-verification.js";

const TOKEN_PATH = "/latest/api/token";
const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const TOKEN_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const MAX_TOKEN_TTL_SECONDS = 21_600;
const ROLE_LIST_PATH = "/latest/meta-data/iam/security-credentials/";

export interface ImdsOptions {
  /** The instance profile. */
  profile: PlatformRoleState;
  now: () => number;
  region: string;
  /** Whether IMDSv1 is enabled: reads without a token. */
  v1: boolean;
  /** Registers values that must never be printed. */
  addSecrets: (...secrets: (string | undefined)[]) => void;
}

/** The instance metadata service: IMDSv2, and IMDSv1 if it is enabled. */
export function createImds(options: ImdsOptions): (request: WireRequest) => Exchange {
  /** Maps tokens to their expiry, in epoch milliseconds by the server's clock. */
  const tokens = new Map<string, number>();

  const issueToken = (request: WireRequest): Answer => {
    if (request.method !== "PUT") throw new AwsError(405, "MethodNotAllowed", "Method Not Allowed");
    if (request.headers["x-forwarded-for"] !== undefined) throw new AwsError(403, "Forbidden", "Forbidden");
    const ttl = request.headers[TOKEN_TTL_HEADER]?.[0] ?? "";
    if (!/^\d{1,5}$/.test(ttl) || Number(ttl) < 1 || Number(ttl) > MAX_TOKEN_TTL_SECONDS) {
      throw new AwsError(400, "BadRequest", "Bad Request");
    }
    const token = `${randomBytes(40).toString("base64url")}==`;
    tokens.set(token, options.now() + Number(ttl) * 1000);
    options.addSecrets(token);
    return { ...text(token), headers: { "content-type": "text/plain", [TOKEN_TTL_HEADER]: ttl } };
  };

  const assertToken = (request: WireRequest): void => {
    const token = request.headers[TOKEN_HEADER]?.[0];
    if (token === undefined && options.v1) return;
    if (token === undefined || (tokens.get(token) ?? 0) <= options.now()) {
      throw new AwsError(401, "Unauthorized", "Unauthorized");
    }
  };

  return (request) => {
    const route = findRoute(request.path);
    return {
      about: { target: "imds", operation: route?.operation ?? "unknown", parameters: {} },
      answer: (patch) => {
        if (route?.operation === "token") return issueToken(request);
        assertToken(request);
        if (request.method !== "GET") throw new AwsError(405, "MethodNotAllowed", "Method Not Allowed");
        const answer = route?.read(options, patch);
        if (answer === undefined) throw new AwsError(404, "NotFound", "Not Found");
        return answer;
      },
      refuse,
    };
  };
}

interface Route {
  operation: string;
  /** `undefined` if EC2 would respond with 404. */
  read(options: ImdsOptions, patch: PatchCredentials): Answer | undefined;
}

function findRoute(path: string): Route | undefined {
  if (path === TOKEN_PATH) return { operation: "token", read: () => undefined };
  if (path === ROLE_LIST_PATH || path === ROLE_LIST_PATH.slice(0, -1)) {
    return { operation: "role-list", read: (options) => optionalText(roleName(options)) };
  }
  if (path.startsWith(ROLE_LIST_PATH)) {
    const name = path.slice(ROLE_LIST_PATH.length);
    return {
      operation: "credentials",
      read: (options, patch) => (name === roleName(options) ? credentials(options, patch) : undefined),
    };
  }
  switch (path) {
    case "/latest/meta-data/iam/info":
      return { operation: "iam-info", read: iamInfo };
    case "/latest/meta-data/placement/region":
      return { operation: "placement", read: ({ region }) => text(region) };
    case "/latest/meta-data/placement/availability-zone":
      return { operation: "placement", read: ({ region }) => text(`${region}a`) };
    case "/latest/meta-data/instance-id":
      return { operation: "instance-id", read: () => text(INSTANCE_ID) };
    case "/latest/dynamic/instance-identity/document":
      return { operation: "identity-document", read: identityDocument };
    default:
      return undefined;
  }
}

function credentials({ profile, addSecrets }: ImdsOptions, patch: PatchCredentials): Answer | undefined {
  const keys = profile.keys();
  if (keys === undefined) return undefined;
  if (!profile.isTrusting) return json(unauthorized(keys.issuedAt, profile.attached?.roleArn ?? ""));
  const { identity, secretAccessKey, sessionToken, expiration = 0 } = keys.issued;
  const fields: CredentialFields = patch({
    Code: "Success",
    LastUpdated: toIsoSeconds(keys.issuedAt),
    Type: "AWS-HMAC",
    AccessKeyId: identity.accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: toIsoSeconds(expiration),
  });
  addSecrets(fields.SecretAccessKey, fields.Token);
  return json(fields);
}

function unauthorized(time: number, roleArn: string) {
  return {
    Code: "AssumeRoleUnauthorizedAccess",
    Message: `EC2 cannot assume the role ${roleArn}.`,
    LastUpdated: toIsoSeconds(time),
  };
}

function iamInfo({ profile }: ImdsOptions): Answer | undefined {
  const roleArn = profile.attached?.roleArn;
  const keys = profile.keys();
  if (roleArn === undefined || keys === undefined) return undefined;
  return json({
    Code: "Success",
    LastUpdated: toIsoSeconds(keys.issuedAt),
    InstanceProfileArn: roleArn.replace(":role/", ":instance-profile/"),
    InstanceProfileId: uniqueId("AIPA", roleArn),
  });
}

function identityDocument({ profile, region, now }: ImdsOptions): Answer {
  return json({
    accountId: parseRoleArn(profile.attached?.roleArn ?? "")?.accountId ?? PLATFORM_ACCOUNT,
    architecture: "x86_64",
    availabilityZone: `${region}a`,
    imageId: "ami-0123456789abcdef0",
    instanceId: INSTANCE_ID,
    instanceType: "t3.micro",
    pendingTime: toIsoSeconds(now()),
    privateIp: "10.0.0.10",
    region,
    version: "2017-09-30",
  });
}

function roleName({ profile }: ImdsOptions): string | undefined {
  return parseRoleArn(profile.attached?.roleArn ?? "")?.name;
}

function refuse({ status, code, message }: AwsError): Answer {
  const title = `${status} - ${message}`;
  const page = element("html", [element("head", [element("title", title)]), element("body", [element("h1", title)])]);
  return { status, headers: { "content-type": "text/html" }, body: document(page), errorCode: code };
}

function text(body: string): Answer {
  return { status: 200, headers: { "content-type": "text/plain" }, body };
}

function optionalText(body: string | undefined): Answer | undefined {
  return body === undefined ? undefined : text(body);
}

function json(value: object): Answer {
  return { status: 200, headers: { "content-type": "text/plain" }, body: JSON.stringify(value, null, 2) };
}
