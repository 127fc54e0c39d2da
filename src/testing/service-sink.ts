import { createHash, randomUUID } from "node:crypto";
import { type Authentication, assertSender, describeSender } from "./authentication.js";
import { AwsError } from "./aws-error.js";
import { document, element } from "./aws-xml.js";
import type { Answer, Exchange } from "./exchange.js";
import type { IssuedKeys } from "./issued-sessions.js";
import { readParameters, refuseInQueryProtocol } from "./query-protocol.js";
import { findServiceDenial } from "./service-permissions.js";
import type { WireRequest } from "./sigv4-verification.js";

const EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/";
const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const EC2_REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"];
const EMPTY_CBOR_MAP = Uint8Array.of(0xa0);

type Protocol = "ec2" | "query" | "json" | "cbor" | "rest-json" | "s3" | "rest-xml";

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
 * the session's policies, but not the role's own.
 */
export function createServiceSink(isDisabled: (region: string) => boolean) {
  return (request: WireRequest, sender: Authentication): Exchange => {
    const region = sender.signature?.region ?? "";
    const service = sender.signature?.service ?? "";
    const protocol = detectProtocol(request, service);
    const operation = readOperation(request, protocol);
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
        if (isDisabled(region)) {
          throw new AwsError(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
        }
        const call = { protocol, service, operation, region, request, caller };
        assertPermitted(call);
        return succeed(call);
      },
      refuse: (error) => refuse(protocol, error),
    };
  };
}

function detectProtocol(request: WireRequest, service: string): Protocol {
  const contentType = header(request, "content-type") ?? "";
  if (header(request, "smithy-protocol") === "rpc-v2-cbor") return "cbor";
  if (header(request, "x-amz-target") !== undefined) return "json";
  if (service === "ec2") return "ec2";
  if (service.startsWith("s3")) return "s3";
  if (readParameters(request).Action !== undefined) return "query";
  return contentType.includes("xml") ? "rest-xml" : "rest-json";
}

function readOperation(request: WireRequest, protocol: Protocol): string {
  const rest = `${request.method} ${request.path}`;
  switch (protocol) {
    case "ec2":
    case "query":
      return readParameters(request).Action ?? "unknown";
    case "json":
      return header(request, "x-amz-target")?.split(".").at(-1) ?? "unknown";
    case "cbor":
      return request.path.split("/").at(-1) || "unknown";
    default:
      // The JavaScript SDK names the operation of a REST call in the query.
      return new URLSearchParams(request.query).get("x-id") ?? rest;
  }
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

function assertPermitted({ protocol, service, operation, caller }: ServiceCall): void {
  const isRest = protocol === "rest-json" || protocol === "rest-xml";
  const denial =
    caller.sessionPolicies &&
    findServiceDenial(caller.sessionPolicies, { service, operation: isRest ? undefined : operation });
  if (denial === undefined) return;
  const reason = `User: ${caller.identity.arn} is not authorized to perform: ${denial}`;
  const prefix = protocol === "ec2" ? "You are not authorized to perform this operation. " : "";
  throw new AwsError(...DENIED[protocol], prefix + reason);
}

function succeed(call: ServiceCall): Answer {
  const { protocol, operation, request } = call;
  switch (protocol) {
    case "ec2":
      return xml(
        element(`${operation}Response`, [element("requestId", randomUUID()), ...ec2Result(call)], EC2_NAMESPACE),
      );
    case "query":
      return xml(element(`${operation}Response`, [element(`${operation}Result`, [])]));
    case "json":
      return ok(header(request, "content-type") ?? "application/x-amz-json-1.1", "{}");
    case "cbor":
      return { ...ok("application/cbor", EMPTY_CBOR_MAP), headers: cborHeaders() };
    case "rest-json":
      return ok("application/json", "{}");
    case "s3":
      return s3Result(request);
    case "rest-xml":
      return ok("application/xml", "");
  }
}

function ec2Result({ operation, region, caller }: ServiceCall): string[] {
  if (operation === "DescribeRegions") return [element("regionInfo", EC2_REGIONS.map(regionItem))];
  if (operation === "DescribeInstances") return [element("reservationSet", [reservation(region, caller)])];
  return [];
}

function regionItem(name: string): string {
  return element("item", [
    element("regionName", name),
    element("regionEndpoint", `ec2.${name}.amazonaws.com`),
    element("optInStatus", "opt-in-not-required"),
  ]);
}

/** One instance per account and region, the same for every call. */
function reservation(region: string, { identity: { accountId } }: IssuedKeys): string {
  const id = createHash("sha256").update(`${accountId}/${region}`).digest("hex").slice(0, 17);
  const instance = element("item", [
    element("instanceId", `i-${id}`),
    element("imageId", "ami-0123456789abcdef0"),
    element("instanceState", [element("code", 16), element("name", "running")]),
    element("instanceType", "t3.micro"),
    element("placement", [element("availabilityZone", `${region}a`)]),
  ]);
  return element("item", [
    element("reservationId", `r-${id}`),
    element("ownerId", accountId),
    element("instancesSet", [instance]),
  ]);
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

function refuse(protocol: Protocol, error: AwsError): Answer {
  const { status, code, message } = error;
  const refusal = (answer: Answer): Answer => ({ ...answer, status, errorCode: code });
  switch (protocol) {
    case "query":
      return refuseInQueryProtocol(error);
    case "ec2": {
      const errors = element("Errors", [element("Error", [element("Code", code), element("Message", message)])]);
      return refusal(xml(element("Response", [errors, element("RequestID", randomUUID())])));
    }
    case "s3":
      return refusal(
        xml(element("Error", [element("Code", code), element("Message", message), element("RequestId", randomUUID())])),
      );
    case "rest-xml":
      return refuseInQueryProtocol(error);
    case "cbor":
      return { ...refusal(ok("application/cbor", cborTextMap({ __type: code, message }))), headers: cborHeaders() };
    case "json":
    case "rest-json": {
      const answer = ok("application/json", JSON.stringify({ __type: code, message }));
      return refusal({ ...answer, headers: { ...answer.headers, "x-amzn-errortype": code } });
    }
  }
}

function xml(root: string): Answer {
  return ok("text/xml", document(root));
}

function ok(contentType: string, body: string | Uint8Array): Answer {
  const requestId = randomUUID();
  return {
    status: 200,
    headers: { "content-type": contentType, "x-amzn-requestid": requestId, "x-amz-request-id": requestId },
    body,
  };
}

function cborHeaders(): Record<string, string> {
  return { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-requestid": randomUUID() };
}

/** A CBOR map of fewer than 24 text pairs, each text shorter than 64 KiB. */
function cborTextMap(fields: Record<string, string>): Uint8Array {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.of(0x79, bytes.length >> 8, bytes.length & 0xff), bytes]);
  };
  const entries = Object.entries(fields);
  return Buffer.concat([
    Buffer.of(0xa0 + entries.length),
    ...entries.flatMap(([name, value]) => [text(name), text(value)]),
  ]);
}

function header({ headers }: WireRequest, name: string): string | undefined {
  return headers[name]?.[0];
}
