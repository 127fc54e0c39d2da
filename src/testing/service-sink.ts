import { listRegions } from "./account-api.js";
import type { AccountRegions } from "./account-regions.js";
import { type Authentication, assertSender, describeSender } from "./authentication.js";
import { AwsError } from "./aws-error.js";
import { element } from "./aws-xml.js";
import { answerEc2 } from "./ec2-api.js";
import type { Answer, Exchange } from "./exchange.js";
import type { IssuedKeys } from "./issued-sessions.js";
import type { Organization } from "./organization.js";
import { listAccounts } from "./organizations-api.js";
import { readParameters } from "./query-protocol.js";
import { findServiceDenial } from "./service-permissions.js";
import {
  cborHeaders,
  detectProtocol,
  findRestOperation,
  ok,
  type Protocol,
  readOperation,
  refuseInProtocol,
  xml,
} from "./service-protocols.js";
import type { WireRequest } from "./sigv4-verification.js";

const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const EMPTY_CBOR_MAP = Uint8Array.of(0xa0);

/** Services with one endpoint per partition. A client whose endpoint is configured signs for its own region. */
const GLOBAL_SERVICES = new Set(["account", "organizations"]);

export interface ServiceSinkOptions {
  regions: AccountRegions;
  organization: Organization | undefined;
}

/** A call to a service other than STS. */
interface ServiceCall {
  protocol: Protocol;
  /** The signing name. */
  service: string;
  operation: string;
  region: string;
  request: WireRequest;
  caller: IssuedKeys;
}

/**
 * Handles requests to all services other than STS: records the signer and returns a minimal success response. Evaluates
 * the session's policies, but not the role's own policy. Lists the accounts of the organization and their regions.
 */
export function createServiceSink({ regions, organization }: ServiceSinkOptions) {
  return (request: WireRequest, sender: Authentication): Exchange => {
    const region = sender.signature?.region ?? "";
    const service = sender.signature?.service ?? "";
    const protocol = detectProtocol(request, service);
    const operation = readOperation(request, protocol, service);
    const roleArn = sender.signer?.identity.roleArn;
    return {
      about: {
        target: "service",
        operation,
        parameters: {},
        ...describeSender(sender),
        ...(roleArn !== undefined && { roleArn }),
      },
      answer: () => {
        const caller = assertSender(sender);
        const { accountId } = caller.identity;
        if (!GLOBAL_SERVICES.has(service) && !regions.isEnabled(accountId, region)) throw notInRegion(protocol);
        const call = { protocol, service, operation, region, request, caller };
        assertPermitted(call);
        return succeed(call, { regions, organization });
      },
      refuse: (error) => refuseInProtocol(protocol, error),
    };
  };
}

const INVALID_TOKEN = "The security token included in the request is invalid.";

/** How a service rejects keys in a region that is disabled in their account. */
const NOT_IN_REGION: Record<Protocol, readonly [number, string, string]> = {
  ec2: [401, "AuthFailure", "AWS was not able to validate the provided access credentials"],
  query: [403, "InvalidClientTokenId", INVALID_TOKEN],
  json: [400, "UnrecognizedClientException", INVALID_TOKEN],
  cbor: [400, "UnrecognizedClientException", INVALID_TOKEN],
  "rest-json": [403, "UnrecognizedClientException", INVALID_TOKEN],
  s3: [400, "InvalidToken", "The provided token is malformed or otherwise invalid."],
  "rest-xml": [403, "InvalidClientTokenId", INVALID_TOKEN],
};

function notInRegion(protocol: Protocol): AwsError {
  return new AwsError(...NOT_IN_REGION[protocol]);
}

/** The status and code of a refusal, by protocol. */
const DENIED: Record<Protocol, readonly [number, string]> = {
  ec2: [403, "UnauthorizedOperation"],
  query: [403, "AccessDenied"],
  json: [400, "AccessDeniedException"],
  cbor: [400, "AccessDeniedException"],
  "rest-json": [403, "AccessDeniedException"],
  s3: [403, "AccessDenied"],
  "rest-xml": [403, "AccessDenied"],
};

function assertPermitted({ protocol, service, operation, request, caller }: ServiceCall): void {
  const isUnknown =
    (protocol === "rest-json" || protocol === "rest-xml") && findRestOperation(request, service) === undefined;
  const denial =
    caller.sessionPolicies &&
    findServiceDenial(caller.sessionPolicies, { service, operation: isUnknown ? undefined : operation });
  if (denial === undefined) return;
  const reason = `User: ${caller.identity.arn} is not authorized to perform: ${denial}`;
  const prefix = protocol === "ec2" ? "You are not authorized to perform this operation. " : "";
  throw new AwsError(...DENIED[protocol], prefix + reason);
}

function succeed(call: ServiceCall, { regions, organization }: ServiceSinkOptions): Answer {
  const { protocol, service, operation, request, region } = call;
  const caller = call.caller.identity;
  switch (protocol) {
    case "ec2":
      return answerEc2({ operation, region, caller, parameters: readParameters(request) }, regions);
    case "query":
      return xml(element(`${operation}Response`, [element(`${operation}Result`, [])]));
    case "json":
      return ok(
        request.headers["content-type"]?.[0] ?? "application/x-amz-json-1.1",
        service === "organizations" && operation === "ListAccounts"
          ? JSON.stringify(listAccounts(organization, caller, request.body))
          : "{}",
      );
    case "cbor":
      return { ...ok("application/cbor", EMPTY_CBOR_MAP), headers: cborHeaders() };
    case "rest-json":
      return ok(
        "application/json",
        service === "account" && operation === "ListRegions"
          ? JSON.stringify(listRegions(organization, regions, caller, request.body))
          : "{}",
      );
    case "s3":
      return s3Result(request);
    case "rest-xml":
      return ok("application/xml", "");
  }
}

function s3Result({ method, path }: WireRequest): Answer {
  const [, bucket = "", key = ""] = path.split("/");
  if (method !== "GET" || key !== "") return ok("application/xml", "");
  if (bucket === "") return xml(element("ListAllMyBucketsResult", [element("Buckets", [])], S3_NAMESPACE));
  return xml(
    element(
      "ListBucketResult",
      [element("Name", bucket), element("KeyCount", 0), element("MaxKeys", 1000), element("IsTruncated", false)],
      S3_NAMESPACE,
    ),
  );
}
