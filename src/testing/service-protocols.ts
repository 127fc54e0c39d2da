import { randomUUID } from "node:crypto";
import type { AwsError } from "./aws-error.js";
import { document, element } from "./aws-xml.js";
import type { Answer } from "./exchange.js";
import { readParameters, refuseInQueryProtocol } from "./query-protocol.js";
import type { WireRequest } from "./sigv4-verification.js";

export type Protocol = "ec2" | "query" | "json" | "cbor" | "rest-json" | "s3" | "rest-xml";

/** REST calls with a known operation, by service, method and path. */
const REST_OPERATIONS: ReadonlyMap<string, string> = new Map([["account POST /listRegions", "ListRegions"]]);

export function detectProtocol(request: WireRequest, service: string): Protocol {
  const contentType = header(request, "content-type") ?? "";
  if (header(request, "smithy-protocol") === "rpc-v2-cbor") return "cbor";
  if (header(request, "x-amz-target") !== undefined) return "json";
  if (service === "ec2") return "ec2";
  if (service.startsWith("s3")) return "s3";
  if (readParameters(request).Action !== undefined) return "query";
  return contentType.includes("xml") ? "rest-xml" : "rest-json";
}

/** The operation of a REST call that is known from its path. */
export function findRestOperation({ method, path }: WireRequest, service: string): string | undefined {
  return REST_OPERATIONS.get(`${service} ${method} ${path}`);
}

export function readOperation(request: WireRequest, protocol: Protocol, service: string): string {
  switch (protocol) {
    case "ec2":
    case "query":
      return readParameters(request).Action ?? "unknown";
    case "json":
      return header(request, "x-amz-target")?.split(".").at(-1) ?? "unknown";
    case "cbor":
      return request.path.split("/").at(-1) || "unknown";
    default:
      // The JavaScript SDK names the operation of some REST calls in the query.
      return (
        findRestOperation(request, service) ??
        new URLSearchParams(request.query).get("x-id") ??
        `${request.method} ${request.path}`
      );
  }
}

/** Formats an error. */
export function refuseInProtocol(protocol: Protocol, error: AwsError): Answer {
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

export function xml(root: string): Answer {
  return ok("text/xml", document(root));
}

export function ok(contentType: string, body: string | Uint8Array): Answer {
  const requestId = randomUUID();
  return {
    status: 200,
    headers: { "content-type": contentType, "x-amzn-requestid": requestId, "x-amz-request-id": requestId },
    body,
  };
}

export function cborHeaders(): Record<string, string> {
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
